"use strict";
// Sorts and filters the table of records. Texts with numbers in them sort by the numbers; '=HR' is a whole cell.
const body = document.querySelector("#table-records tbody");
const field = document.querySelector("#filter");
const count = document.querySelector("#count");
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    const cells = [...row.cells].map((cell) => cell.textContent.trim().toLowerCase());
    row.hidden = !words.every((word) => (word[0] === "=" ? cells.includes(word.slice(1)) : text.includes(word)));
    shown += row.hidden ? 0 : 1;
  }
  count.textContent = `${shown} / ${body.rows.length}`;
}

function sort(head) {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const text = (row) => row.cells[head.cellIndex].textContent.trim();
  const rows = [...body.rows].sort((a, b) => (up ? 1 : -1) * collator.compare(text(a), text(b)));
  body.append(...rows);
}

if (body) {
  document.querySelectorAll("#table-records button").forEach((button) => {
    button.addEventListener("click", () => sort(button.closest("th")));
  });
  field.addEventListener("input", filter);
  document.querySelectorAll("a.show").forEach((link) => {
    link.addEventListener("click", () => {
      field.value = link.dataset.filter.trim();
      filter();
    });
  });
  filter();
}
