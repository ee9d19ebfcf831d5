"use strict";
// A picture of one's own: dropped, chosen or taken, sent to the reader, and shown with what was read.
const MAX_BYTES = 20e6, MAX_PIXELS = 25e6, SCALED_SIDE = 4000;

async function readPicture(file) {
  if (!$("reader").open) $("reader").showModal();
  tell("Reading …");
  put("read-text", "");
  $("read-picture").hidden = true;
  try {
    const bitmap = await createImageBitmap(file).catch(() => null);
    const sent = await fitting(file, bitmap);
    const reading = await ask("/api/read", { method: "POST", headers: { "Content-Type": sent.type || "application/octet-stream" }, body: sent });
    if (bitmap) draw(bitmap, reading);
    const found = reading.digits.length;
    tell(`${file.name || "Picture"}: ${found === 1 ? "1 digit" : `${found} digits`}${reading.limited ? "; more ink than is looked at: digits may be missing" : ""}`);
    put("read-text", reading.text.join("\n"));
  } catch (error) {
    tell(`${file.name || "The picture"} was not read: ${error.message}`, true);
  }
}

function tell(text, bad = false) {
  put("read-state", text);
  $("read-state").classList.toggle("bad", bad);
}

// What the server takes: pictures beyond its limits are made smaller here.
async function fitting(file, bitmap) {
  if (file.size <= MAX_BYTES && (!bitmap || bitmap.width * bitmap.height <= MAX_PIXELS)) return file;
  if (!bitmap) throw new Error(`it has ${size(file.size)}, and this browser cannot make it smaller than ${size(MAX_BYTES)}`);
  const canvas = make("canvas"), scale = SCALED_SIDE / Math.max(bitmap.width, bitmap.height, SCALED_SIDE);
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

function draw(bitmap, reading) {
  const canvas = $("read-picture"), scale = Math.min(1600 / Math.max(bitmap.width, bitmap.height), 1);
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.hidden = false;
  const pen = canvas.getContext("2d"), ratio = canvas.width / reading.width, unit = Math.max(canvas.width / 500, 1);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  for (const digit of reading.digits) {
    const [x, y, width, height] = digit.box.map((side) => side * ratio);
    pen.strokeStyle = pen.fillStyle = sureness(digit.confidence);
    pen.lineWidth = 1.5 * unit;
    pen.strokeRect(x - unit, y - unit, width + 2 * unit, height + 2 * unit);
    const letters = Math.max(9 * unit, Math.min(0.35 * height, 18 * unit)), top = y > 1.3 * letters ? y - 1.3 * letters : y + height + unit;
    pen.font = `650 ${letters}px system-ui, sans-serif`;
    pen.fillRect(x - unit, top, pen.measureText(digit.label).width + 6 * unit, 1.2 * letters);
    pen.fillStyle = "#fff";
    pen.fillText(digit.label, x + 2 * unit, top + 0.95 * letters);
  }
}

$("open-reader").addEventListener("click", () => $("reader").showModal());
$("file").addEventListener("change", () => { if ($("file").files.length) readPicture($("file").files[0]); $("file").value = ""; });

// The whole page takes what is dropped.
const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!carries(event)) return;
  event.preventDefault();
  readPicture(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) readPicture(event.clipboardData.files[0]); });

showChanges();
connect();
