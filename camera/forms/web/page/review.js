"use strict";
// Fields in the order in which they were given; `place` is the one that is shown. What is said is sent one after the
// other, and the page goes on at once; what is refused is shown again.
const FEW_LEFT = 10;
const reviewer = (sessionStorage.reviewer ??= crypto.getRandomValues(new Uint32Array(2)).join("-"));
const fields = [], said = [];
let place = 0, others = false, fetching = null, refusal = null, sending = Promise.resolve(), unsure = null;

const current = () => fields[place];
// Of a field of free rows, the rows stand beside one another.
const ROWS = " / ";
const asTyped = (field, value) => (field.pattern === null ? value.replaceAll("\n", ROWS) : value);
const asKept = (field, typed) => (field.pattern === null ? typed.trim().replace(/\s*\/\s*/g, "\n") : typed.trim());

async function fetchMore() {
  // What is on its way is not said yet to the server.
  const known = fields.filter((field) => field.answer === null || field.sending).map((field) => field.id).join(",");
  const batch = await fetchJson(`/api/fields?reviewer=${reviewer}&others=${others ? 1 : ""}&known=${known}`);
  const ours = new Set(fields.map((field) => field.id));
  fields.push(...batch.fields.filter((field) => !ours.has(field.id)));
  showProgress(batch.progress);
}

// One request at a time; more are asked for before the last is reached.
function fetchInTime() {
  if (fetching || fields.length - place > FEW_LEFT) return;
  refusal = null;
  fetching = fetchMore().catch((error) => { refusal = error.message; }).finally(() => { fetching = null; });
}

function showProgress({ doubtful, left, reviewed }) {
  setText("left", left ? `${left} of ${doubtful} left` : `${reviewed} reviewed`);
  $("bar").max = Math.max(doubtful, 1);
  $("bar").value = doubtful - left;
}

const PANELS = ["review", "waiting", "failed", "done"];
const showPanel = (shown) => PANELS.forEach((panel) => { $(panel).hidden = panel !== shown; });

function show() {
  const field = current();
  showPanel(field ? "review" : refusal ? "failed" : "done");
  setText("failed-why", refusal ?? "");
  $("undo").disabled = !said.length;
  $("back").disabled = place === 0;
  if (!field) return;
  setText("name", field.name);
  setText("place", field.page);
  const trust = field.trust > 0 ? `${percentOf(field.trust)} % sure` : "";
  setText("why", [field.answer !== null ? "said already" : "", field.reason || field.outcome, trust].filter(Boolean).join(" · "));
  $("crop").src = field.crop;
  $("value").value = asTyped(field, field.answer ?? field.value);
  $("value").classList.remove("changed");
  $("others").replaceChildren(...field.alternatives.slice(0, 3).map(([value]) => {
    const button = create("button", value || "empty");
    button.type = "button";
    button.addEventListener("click", () => keep(value));
    return button;
  }));
  unsure = null;
  // Whatever is typed replaces the value.
  $("value").focus({ preventScroll: true });
  $("value").select();
}

async function go(step) {
  place = Math.max(0, place + step);
  fetchInTime();
  if (!current() && fetching) {
    // Keys that are pressed now say nothing: nobody has seen what they would keep.
    showPanel("waiting");
    await fetching;
    // An answer that was refused meanwhile is shown already.
    if ($("waiting").hidden) return;
  }
  // With nothing more to come, what was left for later is shown again.
  if (!current()) {
    const later = fields.findIndex((field) => field.answer === null);
    place = later >= 0 ? later : fields.length;
  }
  show();
}

// What was sent arrives even if the page is closed, and what still waits for an answer to the one before is sent then.
const waiting = new Set();
function post({ field, value, sure }) {
  const body = JSON.stringify({ field: field.id, value, seen: field.review, reviewer, sure });
  return fetch("/api/answer", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true });
}
addEventListener("pagehide", () => { waiting.forEach(post); waiting.clear(); });

function send(field, value, sure) {
  const answer = { field, value, sure };
  waiting.add(answer);
  const work = async () => {
    if (!waiting.delete(answer)) return { status: 200 };
    const response = await post(answer);
    const found = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
    if (response.ok) {
      Object.assign(field, found.field);
      found.changed.forEach(takeChange);
      showProgress(found.progress);
    }
    return { status: response.status, ...found };
  };
  field.sending = (field.sending || 0) + 1;
  const done = sending.then(work).finally(() => { field.sending -= 1; });
  sending = done.catch(() => {});
  return done.catch((error) => ({ status: 0, error: `not kept: ${error.message}; is the server running?` }));
}

// What the sums of the form make of another field, now that this one is known.
function takeChange(change) {
  const known = fields.findIndex((field) => field.id === change.id), isShown = known === place;
  if (known < 0) return;
  const field = Object.assign(fields[known], change);
  if (isShown && !$("value").classList.contains("changed")) show();
  // Nobody needs to look at it any more.
  else if (!isShown && known > place && field.settled && !others) fields.splice(known, 1);
}

async function keep(value, sure = unsure === value) {
  const field = current(), before = field?.answer;
  if (!field) return;
  field.answer = value;
  said.push(field);
  go(1);
  const found = await send(field, value, sure);
  if (found.status === 200) return;
  said.splice(said.lastIndexOf(field), 1);
  if (found.status === 409) Object.assign(field, found.current);
  else field.answer = before;
  showMessage(`${field.name}: ${found.error}`, true);
  if (found.status === 409) return;
  place = fields.indexOf(field);
  show();
  $("value").value = asTyped(field, value);
  if (found.status === 422) unsure = value;
}

async function undo() {
  const field = said.pop();
  if (!field) return;
  place = fields.indexOf(field);
  field.answer = null;
  show();
  const found = await send(field, null, false);
  if (found.status === 409) Object.assign(field, found.current);
  showMessage(found.status === 200 ? `${field.name}: taken back` : `${field.name}: ${found.error}`, found.status !== 200);
  show();
}

const KEYS = { ArrowRight: () => go(1), ArrowDown: () => go(1), ArrowLeft: () => go(-1), ArrowUp: () => go(-1), u: undo, e: () => keep("") };
document.addEventListener("keydown", (event) => {
  const undoing = event.key === "z" && (event.ctrlKey || event.metaKey);
  const act = undoing ? undo : KEYS[event.key];
  if (!act || (!undoing && (event.ctrlKey || event.metaKey || event.altKey)) || $("review").hidden || $("training").open) return;
  event.preventDefault();
  act();
});
$("form").addEventListener("submit", (event) => { event.preventDefault(); if (current()) keep(asKept(current(), $("value").value)); });
$("value").addEventListener("input", () => $("value").classList.add("changed"));
$("back").addEventListener("click", () => go(-1));
$("later").addEventListener("click", () => go(1));
$("empty").addEventListener("click", () => keep(""));
$("undo").addEventListener("click", undo);
$("again").addEventListener("click", () => go(0));
$("all").addEventListener("click", () => { others = true; go(0); });

setText("about", SHARED.title);
go(0);
