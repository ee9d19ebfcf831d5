"use strict";
// A training in the background: started here, with its progress and what it has changed.
const LOOK_MS = 1000;
let lookTimer = 0;

function showTraining({ possible, why, running, share, note, table, error }) {
  if (!possible) setText("training-why", why || "Nothing can be trained here");
  $("train").disabled = !possible || running;
  $("training-bar").hidden = !running;
  $("training-bar").value = share;
  setText("training-note", error || (running ? `${note || "training"}, ${percent(share)}` : table.length ? "Done. mnist-edge export makes a file of it that reads." : ""));
  $("training-note").classList.toggle("bad", !!error);
  $("training-table").hidden = !table.length;
  $("training-table").tBodies[0].replaceChildren(...table.map((cells) => {
    const row = create("tr");
    row.append(...cells.map((cell, column) => create(column ? "td" : "th", cell)));
    return row;
  }));
  clearTimeout(lookTimer);
  if (running) lookTimer = setTimeout(lookAtTraining, LOOK_MS);
}

async function lookAtTraining() {
  try {
    showTraining(await fetchJson("/api/training"));
  } catch (error) {
    setText("training-note", `Nothing is known of it: ${error.message}`);
    lookTimer = setTimeout(lookAtTraining, LOOK_MS);
  }
}

$("teach").addEventListener("click", () => { $("training").showModal(); lookAtTraining(); });
$("training").addEventListener("close", () => clearTimeout(lookTimer));
$("train").addEventListener("click", async () => {
  try {
    showTraining(await fetchJson("/api/train", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }));
  } catch (error) {
    setText("training-note", error.message);
    $("training-note").classList.add("bad");
  }
});
