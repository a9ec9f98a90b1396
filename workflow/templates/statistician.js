// Finds tables by words, sorts them by a column, and names the row of the results table behind a number.
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
const field = document.querySelector("#search");
const count = document.querySelector("#search-count");
const items = [...document.querySelectorAll("#contents li")];
const texts = new Map();

// The text of what a line of the contents leads to, read once and only when somebody searches.
function textOf(item) {
  if (!texts.has(item)) {
    const part = document.querySelector(item.querySelector("a").hash);
    texts.set(item, `${item.textContent} ${part ? part.textContent : ""}`.toLowerCase());
  }
  return texts.get(item);
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    item.hidden = !words.every((word) => textOf(item).includes(word));
    shown += item.hidden ? 0 : 1;
  }
  count.textContent = `${shown} / ${items.length}`;
  // While somebody searches, the groups with what was found are open.
  for (const group of document.querySelectorAll("#contents details")) {
    group.open = words.length > 0 && Boolean(group.querySelector("li:not([hidden])"));
  }
}

// Numbers by size (a minus is U+2212, thousands have commas), words by the page's language, empty cells last.
function value(cell) {
  const text = cell.textContent.trim();
  const number = /^[<>≥≤×]?\s*([−-]?[\d,]*\.?\d+)/.exec(text);
  return number ? Number(number[1].replace("−", "-").replaceAll(",", "")) : text;
}

function compare(a, b) {
  if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  return collator.compare(a, b);
}

function sort(button) {
  const head = button.closest("th");
  const body = head.closest("table").tBodies[0];
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const rows = [...body.rows].map((row) => [value(row.cells[head.cellIndex]), row]);
  rows.sort(([a], [b]) => (a === "" || b === "" ? compare(a, b) : (up ? 1 : -1) * compare(a, b)));
  body.append(...rows.map(([, row]) => row));
}

function nameRow(event) {
  const number = event.target.closest("[data-ard]");
  if (number && !number.title) number.title = `ARD ${number.dataset.ard}`;
}

// The tables of an output as text for a spreadsheet: each number is followed by the id of its row of the results table.
function withIds(cell) {
  const copy = cell.cloneNode(true);
  for (const number of [copy, ...copy.querySelectorAll("[data-ard]")].filter((one) => one.dataset.ard)) number.append(` [${number.dataset.ard}]`);
  return copy.textContent.replace(/\s+/g, " ").trim();
}

async function copyTables(button) {
  const tables = [...button.closest("article").querySelectorAll("table")];
  const text = tables.map((table) => [
    table.caption.textContent.trim(),
    ...[...table.rows].map((row) => [...row.cells].flatMap((cell) => [withIds(cell), ...Array(cell.colSpan - 1).fill("")]).join("\t")),
  ].join("\n")).join("\n\n");
  await navigator.clipboard.writeText(text);
  button.textContent = button.dataset.done;
}

// The explorer of choices: rows whose options are those chosen.
const filters = [...document.querySelectorAll("#choices select")];
function filterChoices() {
  const rows = [...document.querySelectorAll("#table-choices tbody tr")];
  for (const row of rows) {
    row.hidden = !filters.every((one) => !one.value || row.cells[Number(one.dataset.column)].textContent.trim() === one.value);
  }
  document.querySelector("#choices-count").textContent = `${rows.filter((row) => !row.hidden).length} / ${rows.length}`;
}
if (filters.length) {
  document.querySelector("#choices .filters").hidden = false;
  for (const one of filters) one.addEventListener("change", filterChoices);
  filterChoices();
}

field.addEventListener("input", search);
document.addEventListener("mouseover", nameRow);
document.addEventListener("click", (event) => {
  const button = event.target.closest("th button");
  if (button) sort(button);
  const copy = event.target.closest("button.copy");
  if (copy) copyTables(copy);
  nameRow(event);
});
// A link into folded rows unfolds them.
addEventListener("hashchange", () => {
  const part = document.getElementById(location.hash.slice(1));
  part?.querySelector("details")?.setAttribute("open", "");
});
// Paper cannot be clicked: what is folded is printed unfolded, and folded again afterwards.
let printed = [];
addEventListener("beforeprint", () => {
  printed = [...document.querySelectorAll("main details:not([open])")];
  for (const part of printed) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of printed) part.open = false;
});
search();
