"use strict";
// Snapshots and recordings: thumbnails, newest first; one at a time; downloads.
const LOOK_AGAIN_MS = 4000;
let look = 0;

async function list() {
  clearTimeout(look);
  if (!$("gallery").open) return;
  try {
    showItems(await ask("/api/gallery"));
  } catch (error) {
    put("gallery-note", `The list cannot be had: ${error.message}`);
  }
  look = setTimeout(list, LOOK_AGAIN_MS);
}

// Thumbnails are kept for as long as their file is there.
function showItems({ items, left_out }) {
  const old = new Map([...$("items").children].map((item) => [item.dataset.url, item]));
  $("items").replaceChildren(...items.map((item) => tile(old.get(item.url) || newTile(item), item)));
  put("gallery-note", items.length ? (left_out ? `${left_out} older ones are not listed.` : "")
    : "Nothing yet. Snapshot keeps a picture, Record a video; both appear here.");
}

function newTile(item) {
  const made = make("li"), button = make("button"), thumb = make("span", undefined, "thumb"), image = make("img");
  made.dataset.url = item.url;
  image.alt = "";
  image.loading = "lazy";
  thumb.append(image);
  button.type = "button";
  button.append(thumb, make("span", "", "kind"), make("b"));
  made.append(button);
  return made;
}

function tile(made, item) {
  const button = made.firstChild, [thumb, kind, title] = button.children, image = thumb.firstChild;
  if (!image.naturalWidth && !(image.src && !image.complete)) image.src = item.thumbnail;
  kind.textContent = item.writing ? "being recorded" : item.kind === "recordings" ? "▶ Video" : "Picture";
  kind.classList.toggle("writing", item.writing);
  title.replaceChildren(new Date(item.time).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" }), make("small", size(item.bytes)));
  button.onclick = () => open(item);
  return made;
}

function open(item) {
  const video = item.kind === "recordings", medium = make(video ? "video" : "img");
  if (video) {
    medium.controls = medium.autoplay = medium.muted = medium.playsInline = true;
    medium.addEventListener("error", () => $("media").replaceChildren(make("p",
      "This browser cannot play this video. Download it to play it elsewhere. Videos play here where PyAV is installed on the camera's computer: pip install av.")));
  } else medium.alt = `Snapshot ${item.name}`;
  medium.src = item.url;
  $("media").replaceChildren(medium);
  put("about-item", item.writing ? `${item.name}, which is being recorded: it plays as far as it is there` : item.name);
  $("links").replaceChildren(link("Download", item.url, item.name));
  if (item.original) $("links").append(link("Download without boxes", item.original, ""));
  turn(true);
}

function link(text, address, name) {
  const made = make("a", text);
  made.href = address;
  made.download = name;
  return made;
}

// Between the list and one of its items.
function turn(one) {
  $("shown").hidden = $("back").hidden = !one;
  $("items").hidden = $("gallery-note").hidden = one;
  if (!one) $("media").replaceChildren();
}

$("back").addEventListener("click", () => turn(false));
$("gallery").addEventListener("close", () => turn(false));
$("open-gallery").addEventListener("click", () => { turn(false); $("gallery").showModal(); list(); });
