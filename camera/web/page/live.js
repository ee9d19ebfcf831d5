"use strict";
// What the camera sends: the picture, the reading, changes and rates.
const SILENT_MS = 6000, RETRY_MS = 1500, ROWS = 40;
let changes = [], lastMessage = null;

function showState(name, label, title, why) {
  document.body.dataset.state = name;
  setText("state", label);
  if (title) { setText("veil-title", title); setText("veil-why", why || ""); }
}

function showStatus(status) {
  const { controls, stats, away } = status;
  if (!status.alive) showState("silent", "not answering", "The camera program does not answer", "Waiting for it.");
  else if (away) showState("away", "camera lost", "Camera lost", away);
  else if (status.width === null) showState("starting", "starting", "Waiting for the first picture", "");
  else if (controls.paused) showState("paused", "paused");
  else showState("live", "live");
  setText("banner", controls.paused ? "Paused: the picture stands still"
    : status.limited ? LIMITED : "");
  setText("about", status.model ? `${status.source} · ${status.model}` : "");
  $("about").title = $("about").textContent;
  if (status.width) document.documentElement.style.setProperty("--aspect", (status.width / status.height).toFixed(4));
  for (const name of ["capture_fps", "reading_fps", "display_fps", "read_ms", "latency_ms", "latency_p99_ms"])
    setText(name, stats[name] < 100 ? stats[name].toFixed(1) : stats[name].toFixed(0));
  setText("frames", `${stats.frames.toLocaleString("en")} frames, ${stats.dropped.toLocaleString("en")} dropped`);
  showControls(controls);
  takeRegions(status);
  offerClasses(status.classes || DIGITS);
  if (lastMessage !== null && status.message && status.message !== lastMessage) showMessage(status.message);
  lastMessage = status.message;
}

function showReading(reading) {
  const rows = reading.text;
  showFields(reading.fields);
  setText("text", rows.length ? rows.join("\n") : `no ${noun(0)}`);
  setText("count", reading.digits.length ? formatDigits(reading.digits.length) : "");
  const digits = [...reading.digits];
  const lines = rows.map((row) => laidOut(row, digits));
  if (digits.length) lines.push(digits);
  const columns = Math.max(3, ...lines.map((line) => line.reduce((sum, digit) => sum + (digit ? 1 : 0.4), 0)));
  $("digits").style.setProperty("--rows", Math.max(lines.length, 1));
  $("digits").style.setProperty("--columns", columns);
  showDigits(lines);
}

// A row's text is what its digits are called, in reading order, with spaces between: each is taken from `digits`.
function laidOut(row, digits) {
  const line = [];
  for (let at = 0; at < row.length;) {
    if (row[at] === " ") { line.push(null); at += 1; continue; }
    const digit = digits.shift();
    if (!digit) break;
    line.push(digit);
    at += textOf(digit).length;
  }
  return line;
}

// A button is kept for as long as its digit is there, so that it keeps the keyboard's focus, and stays at its place for as
// long as the rows are the same: a button that is moved while it is pressed gets no click.
function showDigits(lines) {
  const list = $("digits"), focused = document.activeElement?.dataset.track;
  const old = new Map([...list.querySelectorAll("button")].map((button) => [button.dataset.track, button]));
  const button = (digit) => updateDigit(old.get(String(digit.track)) || createDigit(digit.track), digit);
  const buttons = lines.map((line) => line.map((digit) => digit && button(digit)));
  const places = JSON.stringify(lines.map((line) => line.map((digit) => digit && digit.track)));
  if (list.dataset.places !== places) {
    list.dataset.places = places;
    list.replaceChildren(...buttons.map((line) => {
      const row = create("div", undefined, "row");
      row.append(...line.map((button) => button || create("i")));
      return row;
    }));
    if (!lines.length) list.append(create("p", `no ${noun(0)}`, "empty"));
    if (focused) list.querySelector(`[data-track="${focused}"]`)?.focus();
  }
  updateMore();
}

function updateDigit(button, digit) {
  const [label, share] = button.children, confidence = `${percentOf(digit.confidence)} %`;
  button.dataset.label = digit.label;
  label.textContent = textOf(digit);
  button.style.setProperty("--letters", textOf(digit).length);
  share.textContent = confidence;
  button.style.setProperty("--confidence", digit.confidence);
  button.style.setProperty("--colour", confidenceColour(digit.confidence));
  button.setAttribute("aria-label", `${textOf(digit)}, ${confidence} sure. Correct it`);
  return button;
}

function createDigit(track) {
  const button = create("button");
  button.dataset.track = track;
  button.type = "button";
  button.title = "Choose it to correct it";
  button.append(create("b"), create("span"));
  button.addEventListener("click", () => openCorrection(track, Number(button.dataset.label)));
  return button;
}

// A button that says how many digits are out of sight, and scrolls to them.
const narrow = matchMedia("(max-width: 700px)");
const scrollerOf = () => (narrow.matches ? document.scrollingElement : $("side"));
// A digit may be out of sight by so much, and what is scrolled may be off its end, in pixels of rounding and padding.
const HIDDEN_SLACK = 2, END_SLACK = 12;
// One press scrolls by so much of what can be seen, which on narrow screens is less by the bars above and below.
const SCROLL_SHARE = 0.7, BARS = 200;

function updateMore() {
  const scroller = scrollerOf();
  const end = narrow.matches ? $("dock").getBoundingClientRect().top : scroller.getBoundingClientRect().bottom;
  const hidden = [...$("digits").querySelectorAll("button")].filter((button) => button.getBoundingClientRect().bottom > end + HIDDEN_SLACK);
  const hasRest = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > END_SLACK;
  $("more").hidden = !hidden.length && !(hasRest && scroller.scrollTop < END_SLACK && !narrow.matches);
  $("more").classList.toggle("quiet", !hidden.length);
  setText("more", hidden.length ? `${hidden.length} more ${noun(hidden.length)} ↓` : "More ↓");
}
$("more").addEventListener("click", () => scrollerOf().scrollBy(
  { top: SCROLL_SHARE * (narrow.matches ? innerHeight - BARS : $("side").clientHeight), behavior: "smooth" }));
for (const [target, kind] of [[$("side"), "scroll"], [window, "scroll"], [window, "resize"]]) target.addEventListener(kind, updateMore, { passive: true });

// Equal changes of one frame are one row.
function addChange(event) {
  const last = changes[0];
  if (event.values) changes.unshift({ ...event, labels: [event.name] });
  else if (last && !last.values && last.frame === event.frame && last.event === event.event && last.source === event.source) last.labels.push(textOf(event));
  else changes.unshift({ ...event, labels: [textOf(event)] });
  changes.length = Math.min(changes.length, ROWS);
}

// What was taken flashes, and stays for a moment: whoever holds the page may let go of it.
function showTaken({ event, name, values }) {
  const taken = Object.values(values), unsure = taken.filter(({ outcome }) => !SETTLED.has(outcome)).length;
  const shown = event === "page" ? `${taken.length} fields${unsure ? `, ${unsure} to look at` : ""}`
    : taken.map(({ value, trust }) => `${value || "–"} ${percentOf(trust)} %`).join(", ");
  showMessage(`Taken: ${name}: ${shown}`);
  $("picture").classList.remove("taken");
  // Without a layout in between the animation would not begin anew.
  void $("picture").offsetWidth;
  $("picture").classList.add("taken");
  beep();
}

function showChanges() {
  const rows = changes.map((change) => {
    const row = create("li");
    row.append(
      create("time", new Date(change.time).toLocaleTimeString([], { hour12: false })),
      create("span", change.values ? `${change.event} ${change.name}` : `${change.labels.join(" ")} ${change.event}`),
      create("b", change.text.join(" / ")));
    return row;
  });
  $("history").replaceChildren(...(rows.length ? rows : [create("li", "nothing has changed yet", "empty")]));
}

// The two connections: the event stream, and the picture.
let source = null, lastHeard = 0, retryTimer = 0, attempts = 0;

function connect() {
  if (source) source.close();
  source = new EventSource("/api/events");
  lastHeard = performance.now();
  let first = true;
  const on = (name, use) => source.addEventListener(name, (message) => {
    lastHeard = performance.now();
    if (first) { first = false; attempts = 0; showPicture(); }
    use(JSON.parse(message.data));
  });
  on("status", showStatus);
  on("reading", showReading);
  on("history", (events) => { changes = []; events.forEach(addChange); showChanges(); });
  on("event", (event) => { addChange(event); showChanges(); if (event.values) showTaken(event); });
  source.onerror = onLost;
}

function onLost() {
  if (source) source.close();
  source = null;
  attempts += 1;
  setText("banner", "");
  hidePicture();
  showState("lost", "connection lost", "Connection lost", `Trying again, attempt ${attempts}. The camera may be switched off, or the network away.`);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, RETRY_MS);
  fetch("/api/status").then((answer) => {
    // After a restart there may be another token: the page that asks for it comes instead of this one.
    if (answer.status === 401) location.reload();
    else if (answer.ok && !source) setText("veil-why", "Trying again. Too many pages may be open.");
  }, () => {});
}

// Without an address the browser draws no mark of a broken picture, which it does not always tell by an error.
function hidePicture() {
  $("frame").removeAttribute("src");
}

// Encoding pictures takes the camera's computer time, so a page that is hidden does not ask for them.
function showPicture() {
  if (document.hidden) hidePicture();
  else $("frame").src = `/stream.mjpg?${Date.now()}`;
}

$("frame").addEventListener("error", () => {
  hidePicture();
  if (source && !document.hidden) setTimeout(showPicture, RETRY_MS);
});
document.addEventListener("visibilitychange", showPicture);
setInterval(() => { if (source && performance.now() - lastHeard > SILENT_MS) onLost(); }, 1000);
