"use strict";
// What people can change: the table of controls (camera/controls.py), corrections, and the full screen.
const CONTROLS = SHARED.controls;
const SLIDE_MS = 120, NO_DIGIT = -1, NO_DIGIT_KEY = "x";
const SWITCHES = CONTROLS.filter((control) => control.kind === "switch");
const BUTTONS = CONTROLS.filter((control) => control.kind === "switch" || control.kind === "action");
const RANGE = CONTROLS.find((control) => control.kind === "range");
const CORRECTION = CONTROLS.find((control) => control.kind === "correction");
const slider = $(RANGE.name);
let isSliding = false, slideTimer = 0, corrected = 0;

function showControls(controls) {
  if (!isSliding) {
    slider.value = controls[RANGE.name];
    setText("threshold", percent(controls[RANGE.name]));
  }
  for (const { name, label, active_label } of SWITCHES) {
    $(name).setAttribute("aria-pressed", String(controls[name]));
    $(name).lastElementChild.textContent = (controls[name] && active_label) || label;
  }
}

async function change(changes, describe) {
  try {
    const answer = await fetchJson("/api/controls", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(changes) });
    showControls(answer);
    if (describe) showMessage(describe(answer));
  } catch (error) {
    showMessage(`Not done: ${error.message}`, true);
  }
}

const describe = ({ help, shown_keys }) => `${help[0].toUpperCase()}${help.slice(1)} (${shown_keys})`;
for (const control of BUTTONS) {
  const button = $(control.name);
  button.title = describe(control);
  button.lastElementChild.textContent = control.label;
  button.addEventListener("click", () => change({ [control.name]: button.getAttribute("aria-pressed") !== "true" }));
}
slider.parentElement.title = describe(RANGE);
slider.previousElementSibling.textContent = RANGE.label;
slider.addEventListener("input", () => {
  const value = Number(slider.value);
  isSliding = true;
  setText("threshold", percent(value));
  clearTimeout(slideTimer);
  slideTimer = setTimeout(async () => { await change({ [RANGE.name]: value }); isSliding = false; }, SLIDE_MS);
});

function moveSlider(by) {
  slider.value = Number(slider.value) + by;
  slider.dispatchEvent(new Event("input"));
}

// Browsers without the Fullscreen API, as on phones by Apple, get a picture that fills their window all the same.
function setFull(on) {
  document.body.classList.toggle("full", on);
  $("full").setAttribute("aria-pressed", String(on));
  $("full").lastElementChild.textContent = on ? "Leave" : "Full screen";
  updateMore();
}
$("full").addEventListener("click", () => {
  const on = !document.body.classList.contains("full"), page = document.documentElement;
  setFull(on);
  if (on) page.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement) document.exitFullscreen();
});
document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) setFull(false); });

function openCorrection(track, label) {
  corrected = track;
  setText("dialog-title", `Read as ${classes[label]}. What is it?`);
  [...$("labels").children].forEach((button, index) => button.classList.toggle("now", index === label));
  $("dialog").showModal();
  $("labels").children[label].focus();
}

function correct(label) {
  $("dialog").close();
  change({ [CORRECTION.name]: { track: corrected, label } }, (answer) => answer.corrected);
}

// A button for each class that the model tells.
function offerClasses(names) {
  if ($("labels").childElementCount && classes.join("\n") === names.join("\n")) return;
  classes = names;
  const buttons = names.map((name, label) => {
    const button = create("button", name);
    button.addEventListener("click", () => correct(label));
    return button;
  });
  const none = create("button", names === DIGITS ? "No digit" : "None of these", "wide"), cancel = create("button", "Cancel", "cancel");
  none.addEventListener("click", () => correct(NO_DIGIT));
  cancel.addEventListener("click", () => $("dialog").close());
  $("labels").classList.toggle("words", names.some((name) => name.length > 3));
  $("labels").replaceChildren(...buttons, none, cancel);
}
offerClasses(DIGITS);

// As `Controls.meant`: a class of that name, the key for no digit, or a capital by its small letter.
function meant(key) {
  if (classes.includes(key)) return classes.indexOf(key);
  if (key.toLowerCase() === NO_DIGIT_KEY) return NO_DIGIT;
  return classes.includes(key.toUpperCase()) ? classes.indexOf(key.toUpperCase()) : null;
}
$("dialog").addEventListener("keydown", (event) => {
  const label = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey ? meant(event.key) : null;
  if (label !== null) correct(label);
});

// The keys of the table, and those of the page alone.
const KEYS = {
  f: () => $("full").click(), e: () => $("draw-fields").click(), g: () => $("open-gallery").click(), o: () => $("open-reader").click(),
  Escape: () => { if (document.body.classList.contains("full")) $("full").click(); },
};
for (const { name, keys } of BUTTONS) KEYS[keys] = () => $(name).click();
for (const key of RANGE.keys) KEYS[key] = () => moveSlider(key === "-" ? -RANGE.step : RANGE.step);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]") || event.target.closest("#region input")) return;
  if (event.key === " " && event.target.closest("button, input")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
});
