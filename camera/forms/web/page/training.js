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

// Shows the answer to a question, or what to do with its failure, unless another one has been asked since.
let asked = 0;
async function showAnswer(question, onFailure) {
  const mine = ++asked;
  try {
    const answer = await question;
    if (mine === asked) showTraining(answer);
  } catch (error) {
    if (mine === asked) onFailure(error.message);
  }
}

function lookAtTraining() {
  return showAnswer(fetchJson("/api/training"), (why) => {
    setText("training-note", `Nothing is known of it: ${why}`);
    lookTimer = setTimeout(lookAtTraining, LOOK_MS);
  });
}

$("teach").addEventListener("click", () => { $("training").showModal(); lookAtTraining(); });
$("training").addEventListener("close", () => clearTimeout(lookTimer));
$("train").addEventListener("click", () => {
  clearTimeout(lookTimer);
  const started = fetchJson("/api/train", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  showAnswer(started, (why) => {
    setText("training-note", why);
    $("training-note").classList.add("bad");
  });
});
