"use strict";
// What comes: the picture, the reading, changes and figures.
const QUIET_MS = 6000, RETRY_MS = 1500, ROWS = 40;
const known = new Map();
let changes = [], lastMessage = null;

function state(name, label, title, why) {
  document.body.dataset.state = name;
  put("state", label);
  if (title) { put("veil-title", title); put("veil-why", why || ""); }
}

function showStatus(status) {
  const { controls, stats, away } = status;
  if (!status.alive) state("silent", "not answering", "The camera program does not answer", "Waiting for it.");
  else if (away) state("away", "camera lost", "Camera lost", away);
  else if (status.width === null) state("starting", "starting", "Waiting for the first picture", "");
  else if (controls.paused) state("paused", "paused");
  else state("live", "live");
  put("banner", controls.paused ? "Paused: the picture stands still"
    : status.limited ? "More ink than is looked at: digits may be missing" : "");
  put("about", status.model ? `${status.source} · ${status.model}` : "");
  $("about").title = $("about").textContent;
  if (status.width) document.documentElement.style.setProperty("--aspect", (status.width / status.height).toFixed(4));
  for (const name of ["capture_fps", "reading_fps", "display_fps", "read_ms", "latency_ms", "latency_p99_ms"])
    put(name, stats[name] < 100 ? stats[name].toFixed(1) : stats[name].toFixed(0));
  put("frames", `${stats.frames.toLocaleString("en")} frames, ${stats.dropped.toLocaleString("en")} dropped`);
  showControls(controls);
  if (lastMessage !== null && status.message && status.message !== lastMessage) say(status.message);
  lastMessage = status.message;
}

function showReading(reading) {
  const rows = reading.text;
  put("text", rows.length ? rows.join("\n") : "no digits");
  put("count", reading.digits.length === 1 ? "1 digit" : reading.digits.length ? `${reading.digits.length} digits` : "");
  // Characters of the rows are the digits in reading order, with spaces between.
  const digits = [...reading.digits];
  const lines = rows.map((row) => [...row].map((mark) => (mark === " " ? null : digits.shift()))
    .filter((digit, index, all) => digit || (digit === null && all[index + 1])));
  if (digits.length) lines.push(digits);
  const columns = Math.max(3, ...lines.map((line) => line.reduce((sum, digit) => sum + (digit ? 1 : 0.4), 0)));
  $("digits").style.setProperty("--rows", Math.max(lines.length, 1));
  $("digits").style.setProperty("--columns", columns);
  showDigits(lines);
}

// Buttons are kept for as long as their digit is there, so that the keyboard's focus stays where it is, and stay where they
// are for as long as the rows do: a button that is moved while it is pressed gets no click.
function showDigits(lines) {
  const list = $("digits"), focused = document.activeElement?.dataset.track;
  const old = new Map([...list.querySelectorAll("button")].map((button) => [button.dataset.track, button]));
  const button = (digit) => shown(old.get(String(digit.track)) || newDigit(digit.track), digit);
  const buttons = lines.map((line) => line.map((digit) => digit && button(digit)));
  const places = JSON.stringify(lines.map((line) => line.map((digit) => digit && digit.track)));
  if (list.dataset.places !== places) {
    list.dataset.places = places;
    list.replaceChildren(...buttons.map((line) => {
      const row = make("div", undefined, "row");
      row.append(...line.map((one) => one || make("i")));
      return row;
    }));
    if (!lines.length) list.append(make("p", "no digits", "empty"));
    if (focused) list.querySelector(`[data-track="${focused}"]`)?.focus();
  }
  cue();
}

function shown(button, digit) {
  const [label, sure] = button.children, confidence = percent(Math.min(digit.confidence, 0.99));
  known.set(digit.track, digit.label);
  button.dataset.label = digit.label;
  label.textContent = digit.label;
  // At most 99, as in the picture: nothing that was read is certain.
  sure.textContent = confidence;
  button.style.setProperty("--sure", digit.confidence);
  button.style.setProperty("--sureness", sureness(digit.confidence));
  button.setAttribute("aria-label", `${digit.label}, ${confidence} sure. Correct it`);
  return button;
}

function newDigit(track) {
  const button = make("button");
  button.dataset.track = track;
  button.type = "button";
  button.title = "Choose it to correct it";
  button.append(make("b"), make("span"));
  button.addEventListener("click", () => correct(track, Number(button.dataset.label)));
  return button;
}

// How much of the reading is out of sight, in words; pressing it goes there.
const narrow = matchMedia("(max-width: 700px)");
function cue() {
  const side = $("side"), scroller = narrow.matches ? document.scrollingElement : side;
  const end = narrow.matches ? $("dock").getBoundingClientRect().top : side.getBoundingClientRect().bottom;
  const hidden = [...$("digits").querySelectorAll("button")].filter((one) => one.getBoundingClientRect().bottom > end + 2);
  const rest = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > 12;
  $("more").hidden = !hidden.length && !(rest && scroller.scrollTop < 12 && !narrow.matches);
  $("more").classList.toggle("quiet", !hidden.length);
  put("more", hidden.length ? `${hidden.length} more digit${hidden.length > 1 ? "s" : ""} ↓` : "More ↓");
}
$("more").addEventListener("click", () => (narrow.matches ? document.scrollingElement : $("side"))
  .scrollBy({ top: 0.7 * (narrow.matches ? innerHeight - 200 : $("side").clientHeight), behavior: "smooth" }));
for (const [target, kind] of [[$("side"), "scroll"], [window, "scroll"], [window, "resize"]]) target.addEventListener(kind, cue, { passive: true });

// What one frame changed is one row.
function take(event) {
  event.digits.forEach((digit) => known.set(digit.track, digit.label));
  const last = changes[0], label = known.has(event.track) ? known.get(event.track) : "";
  if (last && last.frame === event.frame && last.event === event.event && last.source === event.source) last.labels.push(label);
  else changes.unshift({ ...event, labels: [label] });
  changes.length = Math.min(changes.length, ROWS);
}

function showChanges() {
  const rows = changes.map((change) => {
    const row = make("li");
    row.append(
      make("time", new Date(change.time).toLocaleTimeString([], { hour12: false })),
      make("span", `${change.labels.join(" ")} ${change.event}`),
      make("b", change.text.join(" / ")));
    return row;
  });
  $("history").replaceChildren(...(rows.length ? rows : [make("li", "nothing has changed yet", "empty")]));
}

// The two connections: events, and the picture.
let source = null, heard = 0, retry = 0, attempts = 0;

function connect() {
  if (source) source.close();
  source = new EventSource("/api/events");
  heard = performance.now();
  let first = true;
  const on = (name, use) => source.addEventListener(name, (message) => {
    heard = performance.now();
    if (first) { first = false; attempts = 0; watch(); }
    use(JSON.parse(message.data));
  });
  on("status", showStatus);
  on("reading", showReading);
  on("history", (events) => { changes = []; events.forEach(take); showChanges(); });
  on("event", (event) => { take(event); showChanges(); });
  source.onerror = lost;
}

function lost() {
  if (source) source.close();
  source = null;
  attempts += 1;
  put("banner", "");
  state("lost", "connection lost", "Connection lost", `Trying again, attempt ${attempts}. The camera may be switched off, or the network away.`);
  clearTimeout(retry);
  retry = setTimeout(connect, RETRY_MS);
  fetch("/api/status").then((answer) => {
    // After a restart there may be another token: the page that asks for it comes instead of this one.
    if (answer.status === 401) location.reload();
    else if (answer.ok && !source) put("veil-why", "Trying again. Too many pages may be open.");
  }, () => {});
}

// The picture costs the camera's computer time, so a page that nobody sees does not ask for it.
function watch() {
  if (document.hidden) $("frame").removeAttribute("src");
  else $("frame").src = `/stream.mjpg?${Date.now()}`;
}

$("frame").addEventListener("error", () => { if (source && !document.hidden) setTimeout(watch, RETRY_MS); });
document.addEventListener("visibilitychange", watch);
setInterval(() => { if (source && performance.now() - heard > QUIET_MS) lost(); }, 1000);
