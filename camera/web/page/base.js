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
const formatDigits = (count) => `${count} digit${count === 1 ? "" : "s"}`;
const LIMITED = "More ink than is looked at: digits may be missing";

// The colours of the boxes in the picture (camera/palette.py), by the share of errors that a confidence promises.
const [UNSURE, BETWEEN, SURE] = ["rgb(222 108 20)", "rgb(150 70 150)", "rgb(20 88 190)"];
function confidenceColour(confidence) {
  const error = Math.min(Math.max(1 - confidence, 0.01), 0.5), share = Math.log(0.5 / error) / Math.log(50);
  const [from, to, part] = share < 0.5 ? [UNSURE, BETWEEN, 2 * share] : [BETWEEN, SURE, 2 * share - 1];
  return `color-mix(in srgb-linear, ${to} ${Math.round(100 * part)}%, ${from})`;
}

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
