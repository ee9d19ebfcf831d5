"use strict";
const $ = (id) => document.getElementById(id);
const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
const make = (name, text, kind) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
const percent = (share) => `${Math.round(100 * share)} %`;
const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// The colours of the boxes in the picture (camera/palette.py), by the share of errors that a confidence promises.
const [UNSURE, BETWEEN, SURE] = ["rgb(222 108 20)", "rgb(150 70 150)", "rgb(20 88 190)"];
function sureness(confidence) {
  const error = Math.min(Math.max(1 - confidence, 0.01), 0.5), share = Math.log(0.5 / error) / Math.log(50);
  const [from, to, part] = share < 0.5 ? [UNSURE, BETWEEN, 2 * share] : [BETWEEN, SURE, 2 * share - 1];
  return `color-mix(in srgb-linear, ${to} ${Math.round(100 * part)}%, ${from})`;
}

// One line for a moment, above the controls: what was done, or why it was refused.
let messageEnds = 0;
function say(text, bad = false) {
  put("message", text);
  $("message").className = bad ? "on bad" : "on";
  clearTimeout(messageEnds);
  messageEnds = setTimeout(() => $("message").classList.remove("on"), bad ? 8000 : 3500);
}

// What a request answers; a refusal is an error with the server's own words.
async function ask(address, options) {
  const answer = await fetch(address, options);
  const found = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
  if (!answer.ok) throw new Error(found.error);
  return found;
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

// The token has become a cookie; it need not stand in the history of the browser.
if (location.search) history.replaceState(null, "", location.pathname);
