"use strict";
// Lights up a patient in every panel, and a number wherever it is printed. The page says the same without it.
const marks = new Map();
for (const drawn of document.querySelectorAll("[data-patient]")) {
  const id = drawn.dataset.patient;
  if (!marks.has(id)) marks.set(id, []);
  marks.get(id).push(drawn);
}
// A patient's id in a text or a table leads to the patient's lines as well.
for (const word of document.querySelectorAll("main [data-fact]")) {
  const id = word.textContent.trim();
  if (marks.has(id)) {
    word.dataset.patient = id;
    marks.get(id).push(word);
  }
}
let held = "";
let lit = [];

function light(elements, patient) {
  for (const one of lit) one.classList.remove("lit");
  lit = elements;
  for (const one of lit) one.classList.add("lit");
  document.body.classList.toggle("lighting", patient);
}

function show(target) {
  const own = target && target.closest("[data-patient]");
  const number = target && target.closest("[data-ard]");
  const id = own ? own.dataset.patient : held;
  if (number && !own) light(document.querySelectorAll(`[data-ard="${number.dataset.ard}"]`), false);
  else light(marks.get(id) || [], Boolean(id));
}

function hold(id) {
  held = held === id ? "" : id;
  for (const button of document.querySelectorAll("button[data-patient]")) {
    button.setAttribute("aria-pressed", String(button.dataset.patient === held));
  }
  show(null);
}

document.addEventListener("mouseover", (event) => show(event.target));
document.addEventListener("focusin", (event) => show(event.target));
document.addEventListener("focusout", () => show(null));
document.addEventListener("click", (event) => {
  const own = event.target.closest("[data-patient]");
  if (own) hold(own.dataset.patient);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && held) hold(held);
});
// The buttons do nothing without this script, which is why they are hidden until it runs.
for (const bar of document.querySelectorAll(".patients")) bar.hidden = false;

// Figures as files. Their text is copied with the page's own fonts; a bitmap is three times as wide as the drawing.
function save(href, name) {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
}

function saveFigure(svg, type) {
  const copy = svg.cloneNode(true);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const name = `${svg.querySelector("title").textContent.trim()}.${type}`;
  const href = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  if (type === "svg") {
    save(href, name);
    return;
  }
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [3 * width, 3 * height];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    save(canvas.toDataURL("image/png"), name);
  };
  image.src = href;
}

for (const svg of document.querySelectorAll("figure svg[viewBox]")) {
  const bar = document.createElement("p");
  bar.className = "note save";
  for (const type of ["svg", "png"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = type.toUpperCase();
    button.setAttribute("aria-label", `${document.body.dataset.save} ${type.toUpperCase()}: ${svg.querySelector("title").textContent}`);
    button.addEventListener("click", () => saveFigure(svg, type));
    bar.append(button);
  }
  svg.after(bar);
}
