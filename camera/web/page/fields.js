"use strict";
// Fields on the live picture: their values, regions that are drawn with mouse or finger, and what tells that one was taken.
const REGION = /^\s*([^=;]+?)\s*=\s*(\d+),(\d+),(\d+),(\d+)(?::(.+))?\s*$/, LEAST_SIDE = 12, BEEP_HZ = 880, BEEP_S = 0.15;
// Outcomes at which nobody has to look.
const SETTLED = new Set(["read", "empty"]);
const board = $("board");
let regions = [], keptText = "", chosenRegion = null, dragged = null;

const regionsText = () => regions.map(({ name, box, pattern }) => `${name}=${box.map(Math.round)}${pattern ? `:${pattern}` : ""}`).join(";");
const isDrawing = () => !board.hasAttribute("hidden");

function showFields(fields) {
  $("values").replaceChildren(...fields.map(({ name, value, trust, outcome }) => {
    const row = create("li"), share = create("span", outcome ? percentOf(trust) + " %" : "waiting");
    const settled = SETTLED.has(outcome);
    if (outcome) share.style.setProperty("--colour", confidenceColour(settled ? trust : 0));
    row.append(create("span", name), create("b", value.replaceAll("\n", " / ") || "–"), share);
    if (outcome && !settled) row.title = `A person must look: ${outcome}`;
    return row;
  }));
  $("values").classList.toggle("many", fields.length > 6);
  $("fields").hidden = !fields.length && !isDrawing();
}

// What others draw, and what was there before this page, comes with the status.
function takeRegions({ width, height, regions: text }) {
  if (width) board.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (text === keptText || dragged || document.activeElement?.closest("#region input")) return;
  keptText = text;
  // It may be what this page has just sent.
  if (text === regionsText()) return;
  const chosen = chosenRegion?.name;
  regions = text.split(";").map((part) => REGION.exec(part)).filter(Boolean)
    .map(([, name, x, y, across, down, pattern]) => ({ name, box: [x, y, across, down].map(Number), pattern: pattern || "" }));
  chosenRegion = regions.find(({ name }) => name === chosen) || null;
  showBoard();
}

function showBoard() {
  board.querySelectorAll("g").forEach((one) => one.remove());
  for (const region of regions) {
    const shown = addElement("g", { class: region === chosenRegion ? "chosen" : "" }, board);
    const rectangle = addElement("rect", {}, shown);
    placeRectangle(rectangle, region.box);
    rectangle.region = region;
  }
  $("region-fields").hidden = !chosenRegion;
  if (!chosenRegion) return;
  for (const [id, key] of [["region-name", "name"], ["region-pattern", "pattern"]]) if (document.activeElement !== $(id)) $(id).value = chosenRegion[key];
}

async function sendRegions() {
  try {
    const { regions: text, option, key } = await fetchJson("/api/regions", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ regions: regionsText() }) });
    keptText = text;
    setText("region-option", option);
    setText("region-key", key);
    $("keep").hidden = !option;
  } catch (error) {
    showMessage(`Not taken: ${error.message}`, true);
  }
}

function setDrawing(on) {
  board.toggleAttribute("hidden", !on);
  $("region").hidden = $("region-done").hidden = !on;
  document.body.classList.toggle("drawing", on);
  $("draw-fields").setAttribute("aria-pressed", String(on));
  $("fields").hidden = !on && !$("values").children.length;
  chosenRegion = null;
  showBoard();
}

board.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) { dragged = null; $("drawn").setAttribute("hidden", ""); return; }
  board.setPointerCapture(event.pointerId);
  chosenRegion = event.target.region || null;
  dragged = { start: placeOn(board, event), region: chosenRegion, box: chosenRegion && [...chosenRegion.box] };
  showBoard();
});

board.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const [x, y] = placeOn(board, event), { width, height } = board.viewBox.baseVal, { region, box, start } = dragged;
  if (!region) {
    placeRectangle($("drawn"), boxBetween([x, y], start));
    $("drawn").removeAttribute("hidden");
    return;
  }
  region.box = [clamp(box[0] + x - start[0], width - box[2]), clamp(box[1] + y - start[1], height - box[3]), box[2], box[3]];
  showBoard();
});

board.addEventListener("pointerup", (event) => {
  if (!dragged) return;
  const { region, start } = dragged, box = boxBetween(placeOn(board, event), start);
  dragged = null;
  $("drawn").setAttribute("hidden", "");
  if (!region && Math.min(box[2], box[3]) < LEAST_SIDE * pixelsOf(board)) return;
  if (!region) {
    let number = regions.length + 1;
    while (regions.some((one) => one.name === `field ${number}`)) number += 1;
    regions.push(chosenRegion = { name: `field ${number}`, box, pattern: "" });
  }
  showBoard();
  sendRegions();
});
board.addEventListener("pointercancel", () => { dragged = null; $("drawn").setAttribute("hidden", ""); });

for (const [id, key] of [["region-name", "name"], ["region-pattern", "pattern"]])
  $(id).addEventListener("change", () => { chosenRegion[key] = $(id).value.trim(); sendRegions(); });
$("region").addEventListener("submit", (event) => { event.preventDefault(); document.activeElement.blur(); });
$("region-delete").addEventListener("click", () => { regions = regions.filter((one) => one !== chosenRegion); chosenRegion = null; showBoard(); sendRegions(); });
$("region-done").addEventListener("click", () => setDrawing(false));
$("draw-fields").addEventListener("click", () => setDrawing(!isDrawing()));
for (const button of document.querySelectorAll("#keep button")) button.addEventListener("click", async () => {
  // Pages that are not on this computer and not encrypted have no clipboard.
  const code = button.previousElementSibling, copied = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
  if (copied) showMessage("Copied");
  else getSelection().selectAllChildren(code);
});

// Browsers make no sound before somebody has touched the page; choosing it is such a touch.
let audio = null;
function beep() {
  if ($("sound").getAttribute("aria-pressed") !== "true") return;
  audio ??= new AudioContext();
  audio.resume();
  const tone = audio.createOscillator(), loudness = audio.createGain();
  tone.frequency.value = BEEP_HZ;
  loudness.gain.setValueAtTime(0.2, audio.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + BEEP_S);
  tone.connect(loudness).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + BEEP_S);
}

function setSound(on) {
  $("sound").setAttribute("aria-pressed", String(on));
  try { localStorage.sound = on ? "on" : ""; } catch { /* A browser that keeps nothing. */ }
}
$("sound").addEventListener("click", () => { setSound($("sound").getAttribute("aria-pressed") !== "true"); beep(); });
try { setSound(localStorage.sound === "on"); } catch { setSound(false); }
