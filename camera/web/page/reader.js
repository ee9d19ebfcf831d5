"use strict";
// A picture of one's own: dropped, pasted, chosen or taken, sent to the reader, and shown with what was read.
const { max_picture_bytes: MAX_BYTES, max_picture_pixels: MAX_PIXELS } = SHARED;
// The longest side of a picture that is reduced to these limits, and of one that is shown, in pixels.
const REDUCED_SIDE = 4000, SHOWN_SIDE = 1600;

async function readPicture(file) {
  if (!$("reader").open) $("reader").showModal();
  showReadState("Reading …");
  setText("read-text", "");
  $("read-picture").hidden = true;
  try {
    const bitmap = await createImageBitmap(file).catch(() => null);
    const sent = await withinLimits(file, bitmap);
    const reading = await fetchJson("/api/read", { method: "POST", headers: { "Content-Type": sent.type || "application/octet-stream" }, body: sent });
    if (bitmap) drawReading(bitmap, reading);
    showReadState(`${file.name || "Picture"}: ${formatDigits(reading.digits.length)}${reading.limited ? `. ${LIMITED}` : ""}`);
    setText("read-text", reading.text.join("\n"));
  } catch (error) {
    showReadState(`${file.name || "The picture"} was not read: ${error.message}`, true);
  }
}

function showReadState(text, isError = false) {
  setText("read-state", text);
  $("read-state").classList.toggle("bad", isError);
}

async function withinLimits(file, bitmap) {
  if (file.size <= MAX_BYTES && (!bitmap || bitmap.width * bitmap.height <= MAX_PIXELS)) return file;
  if (!bitmap) throw new Error(`it has ${formatBytes(file.size)}, and this browser cannot make it smaller than ${formatBytes(MAX_BYTES)}`);
  const canvas = create("canvas");
  drawPicture(canvas, bitmap, REDUCED_SIDE);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

// Draw a picture, at most so many pixels wide or high.
function drawPicture(canvas, bitmap, side) {
  const scale = side / Math.max(bitmap.width, bitmap.height, side);
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return pen;
}

function drawReading(bitmap, reading) {
  const canvas = $("read-picture"), pen = drawPicture(canvas, bitmap, SHOWN_SIDE);
  const ratio = canvas.width / reading.width, unit = Math.max(canvas.width / 500, 1);
  canvas.hidden = false;
  for (const digit of reading.digits) {
    const [x, y, width, height] = digit.box.map((side) => side * ratio);
    pen.strokeStyle = pen.fillStyle = confidenceColour(digit.confidence);
    pen.lineWidth = 1.5 * unit;
    pen.strokeRect(x - unit, y - unit, width + 2 * unit, height + 2 * unit);
    const letters = Math.max(9 * unit, Math.min(0.35 * height, 18 * unit)), top = y > 1.3 * letters ? y - 1.3 * letters : y + height + unit;
    pen.font = `650 ${letters}px system-ui, sans-serif`;
    pen.fillRect(x - unit, top, pen.measureText(textOf(digit)).width + 6 * unit, 1.2 * letters);
    pen.fillStyle = "#fff";
    pen.fillText(textOf(digit), x + 2 * unit, top + 0.95 * letters);
  }
}

$("open-reader").addEventListener("click", () => $("reader").showModal());
$("file").addEventListener("change", () => { if ($("file").files.length) readPicture($("file").files[0]); $("file").value = ""; });

// A picture may be dropped anywhere on the page.
const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!hasFiles(event)) return;
  event.preventDefault();
  readPicture(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) readPicture(event.clipboardData.files[0]); });

showChanges();
connect();
