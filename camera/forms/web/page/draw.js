"use strict";
// A group is one rectangle of fields: `box` in pixels of the sheet, divided into rows and columns.
const LEAST = 6;
const sheet = $("sheet"), history = [];
let groups = [], chosen = -1, action = null;

const snapshot = () => { history.push(JSON.stringify(groups)); $("undo").disabled = false; };
const group = () => groups[chosen];

function cells({ box: [x, y, width, height], rows, columns, gapX, gapY }) {
  const across = (width - gapX * (columns - 1)) / columns, down = (height - gapY * (rows - 1)) / rows;
  return Array.from({ length: rows * columns }, (_, place) => {
    const row = Math.floor(place / columns), column = place % columns;
    return [x + column * (across + gapX), y + row * (down + gapY), across, down].map((side) => Math.round(side));
  });
}

function names({ name, rows, columns }) {
  const given = name.split(",").map((one) => one.trim()).filter(Boolean);
  return Array.from({ length: rows * columns }, (_, place) => {
    const row = Math.floor(place / columns) + 1, column = place % columns;
    const own = given.length === columns ? given[column] : columns > 1 ? `${name} ${String.fromCharCode(97 + column)}` : name;
    return rows > 1 ? `${own} ${row}` : own;
  });
}

// The tables [[field]] of the form's file.
function fieldsOf(one) {
  const rules = {};
  if (one.pattern) rules.pattern = one.pattern;
  for (const key of ["min", "max"]) if (one[key] !== "") rules[key] = Number(one[key]);
  if (one.check) rules.check = one.check;
  if (one.empty !== "review") rules.empty = one.empty;
  const named = names(one);
  return cells(one).map((box, place) => ({ name: named[place], box, ...rules }));
}

function add(box, rows = 1) {
  const used = new Set(groups.map((one) => one.name));
  let number = groups.length + 1;
  while (used.has(`field ${number}`)) number += 1;
  groups.push({ name: `field ${number}`, box, pattern: "", min: "", max: "", check: "", empty: "review", rows, columns: 1, gapX: 0, gapY: 0 });
}

function showFields() {
  $("fields").replaceChildren();
  groups.forEach((one, number) => {
    const shown = addElement("g", { "data-group": number, class: number === chosen ? "chosen" : "" }, $("fields"));
    for (const [x, y, width, height] of cells(one)) addElement("rect", { class: "cell", x, y, width: Math.max(width, 1), height: Math.max(height, 1) }, shown);
    const [x, y, width, height] = one.box, size = 14 * pixelsOf(sheet);
    if (number === chosen) addElement("rect", { class: "handle", x: x + width - size / 2, y: y + height - size / 2, width: size, height: size }, shown);
  });
}

function showAll() {
  showFields();
  $("list").replaceChildren(...groups.map((one, number) => {
    const count = one.rows * one.columns, button = create("button", `${one.name}${one.pattern ? ` · ${one.pattern}` : ""}${count > 1 ? ` · ${count} fields` : ""}`);
    button.type = "button";
    button.setAttribute("aria-pressed", number === chosen);
    button.addEventListener("click", () => choose(number));
    const item = create("li");
    item.append(button);
    return item;
  }));
  $("panel").hidden = !group();
  $("save").disabled = !groups.length;
  if (!group()) return;
  for (const [id, key] of Object.entries(INPUTS)) if (document.activeElement !== $(id)) $(id).value = group()[key];
}

function choose(number) {
  chosen = number;
  showAll();
}

const INPUTS = { "field-name": "name", pattern: "pattern", min: "min", max: "max", check: "check", empty: "empty", rows: "rows", columns: "columns", "gap-x": "gapX", "gap-y": "gapY" };
const NUMBERS = new Set(["rows", "columns", "gapX", "gapY"]);
for (const [id, key] of Object.entries(INPUTS)) {
  let isNew = true;
  $(id).addEventListener("focus", () => { isNew = true; });
  $(id).addEventListener("input", () => {
    if (isNew) snapshot();
    isNew = false;
    const value = $(id).value;
    group()[key] = NUMBERS.has(key) ? Math.max(key.startsWith("gap") ? 0 : 1, Math.min(200, Math.round(Number(value)) || 0)) : value;
    showAll();
  });
}

sheet.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) { action = null; $("drawn").toggleAttribute("hidden", true); return; }
  sheet.focus({ preventScroll: true });
  const start = placeOn(sheet, event), owner = event.target.closest?.("[data-group]");
  sheet.setPointerCapture(event.pointerId);
  if (owner) {
    choose(Number(owner.dataset.group));
    snapshot();
    action = { kind: event.target.classList.contains("handle") ? "size" : "move", start, box: [...group().box] };
  } else {
    action = { kind: "draw", start };
  }
});

sheet.addEventListener("pointermove", (event) => {
  if (!action) return;
  const [x, y] = placeOn(sheet, event), [left, top] = action.start;
  if (action.kind === "draw") {
    placeRectangle($("drawn"), boxBetween([x, y], [left, top]));
    $("drawn").removeAttribute("hidden");
    return;
  }
  const [boxX, boxY, width, height] = action.box;
  group().box = action.kind === "move"
    ? [clamp(boxX + x - left, SHARED.width - width), clamp(boxY + y - top, SHARED.height - height), width, height]
    : [boxX, boxY, Math.max(LEAST, width + x - left), Math.max(LEAST, height + y - top)];
  showFields();
});

sheet.addEventListener("pointerup", (event) => {
  if (!action) return;
  const [x, y] = placeOn(sheet, event), [left, top] = action.start, { kind } = action;
  action = null;
  $("drawn").setAttribute("hidden", "");
  if (kind !== "draw") return;
  if (Math.abs(x - left) < LEAST * pixelsOf(sheet) || Math.abs(y - top) < LEAST * pixelsOf(sheet)) { choose(-1); return; }
  snapshot();
  add(boxBetween([x, y], [left, top]).map(Math.round));
  choose(groups.length - 1);
  $("field-name").focus();
  $("field-name").select();
});
sheet.addEventListener("pointercancel", () => { action = null; $("drawn").setAttribute("hidden", ""); });

function remove() {
  if (!group()) return;
  snapshot();
  groups.splice(chosen, 1);
  choose(-1);
}

function undo() {
  if (!history.length) return;
  groups = JSON.parse(history.pop());
  // An input keeps what is typed in it as long as it has the focus.
  sheet.focus({ preventScroll: true });
  $("undo").disabled = !history.length;
  choose(Math.min(chosen, groups.length - 1));
}

async function takeLines() {
  const columns = await fetchJson("/api/lines").catch((error) => { showMessage(error.message, true); return []; });
  if (!columns.length) { showMessage("No lines with empty places between them were found", true); return; }
  snapshot();
  for (const { box, rows } of columns) add(box, rows);
  choose(groups.length - columns.length);
}

async function save() {
  const body = JSON.stringify({ fields: groups.flatMap(fieldsOf), sums: [] });
  try {
    const found = await fetchJson("/api/form", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    showMessage(`Saved: ${found.file}, ${found.fields} fields`);
  } catch (error) {
    showMessage(error.message, true);
  }
}

const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "s") { event.preventDefault(); save(); return; }
  if (event.target.closest("input, select")) return;
  if (command && event.key === "z") { event.preventDefault(); undo(); return; }
  if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); remove(); }
  if (event.key === "Escape") choose(-1);
  const [right, down] = NUDGES[event.key] || [0, 0];
  if (!group() || !(right || down)) return;
  event.preventDefault();
  snapshot();
  const [x, y, width, height] = group().box;
  group().box = [clamp(x + right, SHARED.width - width), clamp(y + down, SHARED.height - height), width, height];
  showFields();
});
$("panel").addEventListener("submit", (event) => event.preventDefault());
$("delete").addEventListener("click", remove);
$("undo").addEventListener("click", undo);
$("lines").addEventListener("click", takeLines);
$("save").addEventListener("click", save);
addEventListener("resize", showFields);

sheet.setAttribute("viewBox", `0 0 ${SHARED.width} ${SHARED.height}`);
$("image").setAttribute("width", SHARED.width);
$("image").setAttribute("height", SHARED.height);
for (const check of SHARED.checks) $("check").append(create("option", check));
setText("about", SHARED.title);
showAll();
