"use strict";
// What goes: pausing, snapshots, recording, the least confidence, corrections; and the full screen.
let sliding = false, settle = 0, wrong = 0;

function showControls(controls) {
  if (!sliding) {
    $("threshold").value = controls.min_confidence;
    put("threshold-value", percent(controls.min_confidence));
  }
  for (const [id, on] of [["pause", controls.paused], ["details", controls.details], ["record", controls.recording]])
    $(id).setAttribute("aria-pressed", String(on));
  $("pause").lastElementChild.textContent = controls.paused ? "Go on" : "Pause";
  $("record").lastElementChild.textContent = controls.recording ? "Recording" : "Record";
}

async function wish(wishes, done) {
  try {
    const answer = await ask("/api/controls", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wishes) });
    showControls(answer);
    if (done) say(typeof done === "function" ? done(answer) : done);
  } catch (error) {
    say(`Not done: ${error.message}`, true);
  }
}

const toggled = (id) => $(id).getAttribute("aria-pressed") !== "true";
$("pause").addEventListener("click", () => wish({ paused: toggled("pause") }));
$("details").addEventListener("click", () => wish({ details: toggled("details") }));
$("record").addEventListener("click", () => wish({ recording: toggled("record") }));
$("snapshot").addEventListener("click", () => wish({ snapshot: true }));

$("threshold").addEventListener("input", () => {
  const value = Number($("threshold").value);
  sliding = true;
  put("threshold-value", percent(value));
  clearTimeout(settle);
  settle = setTimeout(async () => { await wish({ min_confidence: value }); sliding = false; }, 120);
});

// Browsers without the Fullscreen API, as on phones by Apple, get a picture that fills their window all the same.
function fill(on) {
  document.body.classList.toggle("full", on);
  $("full").setAttribute("aria-pressed", String(on));
  $("full").lastElementChild.textContent = on ? "Leave" : "Full screen";
  cue();
}
$("full").addEventListener("click", () => {
  const on = !document.body.classList.contains("full"), page = document.documentElement;
  fill(on);
  if (on) page.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen();
});
document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) fill(false); });

function correct(track, label) {
  wrong = track;
  put("dialog-title", `Read as ${label}. What is it?`);
  [...$("labels").children].forEach((button, index) => button.classList.toggle("now", index === label));
  $("dialog").showModal();
  $("labels").children[label].focus();
}

function answer(label) {
  $("dialog").close();
  wish({ correct: { track: wrong, label } }, (answered) => answered.corrected);
}

for (let label = 0; label < 10; label++) {
  const button = make("button", label);
  button.addEventListener("click", () => answer(label));
  $("labels").append(button);
}
$("labels").append(make("button", "No digit", "wide"), make("button", "Cancel", "cancel"));
$("labels").querySelector(".wide").addEventListener("click", () => answer(-1));
$("labels").querySelector(".cancel").addEventListener("click", () => $("dialog").close());
$("dialog").addEventListener("keydown", (event) => { if (/^\d$/.test(event.key)) answer(Number(event.key)); });

// The window's keys, and those of the page.
const nudge = (by) => { $("threshold").value = Number($("threshold").value) + by; $("threshold").dispatchEvent(new Event("input")); };
const KEYS = {
  " ": () => $("pause").click(), s: () => $("snapshot").click(), r: () => $("record").click(), d: () => $("details").click(),
  f: () => $("full").click(), g: () => $("open-gallery").click(), o: () => $("open-reader").click(),
  "+": () => nudge(0.05), "=": () => nudge(0.05), "-": () => nudge(-0.05),
  Escape: () => { if (document.body.classList.contains("full")) $("full").click(); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.key === " " && event.target.closest("button, input")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
});
