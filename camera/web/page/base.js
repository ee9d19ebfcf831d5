"use strict";
const $ = (id) => document.getElementById(id);
const setText = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
const create = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const percent = (share) => `${Math.round(100 * share)} %`;
const formatBytes = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
// What the model tells, by label: the ten digits, unless the status names other classes.
const DIGITS = [..."0123456789"];
let classes = DIGITS;
const textOf = ({ name, label }) => name ?? String(label);
const noun = (count) => `${classes === DIGITS ? "digit" : "symbol"}${count === 1 ? "" : "s"}`;
const formatDigits = (count) => `${count} ${noun(count)}`;
const LIMITED = "More ink than is looked at: digits may be missing";

// At most 99 %, as in the picture: nothing that was read is certain.
const percentOf = (confidence) => Math.min(Math.round(100 * confidence), 99);
const confidenceColour = (confidence) => `rgb(${SHARED.colours[percentOf(confidence)]})`;

// One line for a moment, above the controls: what was done, or why it was refused.
const MESSAGE_MS = 3500, ERROR_MS = 8000;
let messageTimer = 0;
function showMessage(text, isError = false) {
  setText("message", text);
  $("message").className = isError ? "on bad" : "on";
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => $("message").classList.remove("on"), isError ? ERROR_MS : MESSAGE_MS);
}

// The document that a request is answered with; a refusal is an error with the server's own message.
async function fetchJson(address, options) {
  const response = await fetch(address, options);
  const found = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
  if (!response.ok) throw new Error(found.error);
  return found;
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

// The token has become a cookie; it need not stay in the browser's history.
if (location.search) history.replaceState(null, "", location.pathname);
