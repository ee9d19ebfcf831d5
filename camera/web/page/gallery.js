"use strict";
// Snapshots and recordings: thumbnails, newest first; one of them at a time; downloads.
const UPDATE_MS = 4000;
let updateTimer = 0;

async function updateGallery() {
  clearTimeout(updateTimer);
  if (!$("gallery").open) return;
  try {
    showItems(await fetchJson("/api/gallery"));
  } catch (error) {
    setText("gallery-note", `The list cannot be had: ${error.message}`);
  }
  updateTimer = setTimeout(updateGallery, UPDATE_MS);
}

// Thumbnails are kept for as long as their file is there.
function showItems({ items, left_out }) {
  const old = new Map([...$("items").children].map((tile) => [tile.dataset.url, tile]));
  $("items").replaceChildren(...items.map((item) => updateTile(old.get(item.url) || createTile(item), item)));
  setText("gallery-note", items.length ? (left_out ? `${left_out} older ones are not listed.` : "")
    : "Nothing yet. Snapshot keeps a picture, Record a video; both appear here.");
}

function createTile(item) {
  const tile = create("li"), button = create("button"), thumbnail = create("span", undefined, "thumb"), image = create("img");
  tile.dataset.url = item.url;
  image.alt = "";
  image.loading = "lazy";
  thumbnail.append(image);
  button.type = "button";
  button.append(thumbnail, create("span", "", "kind"), create("b"));
  tile.append(button);
  return tile;
}

function updateTile(tile, item) {
  const button = tile.firstChild, [thumbnail, kind, title] = button.children, image = thumbnail.firstChild;
  if (!image.naturalWidth && !(image.src && !image.complete)) image.src = item.thumbnail;
  kind.textContent = item.writing ? "being recorded" : item.kind === "recordings" ? "▶ Video" : "Picture";
  kind.classList.toggle("writing", item.writing);
  title.replaceChildren(
    new Date(item.time).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" }), create("small", formatBytes(item.bytes)));
  button.onclick = () => openItem(item);
  return tile;
}

function openItem(item) {
  const isVideo = item.kind === "recordings", medium = create(isVideo ? "video" : "img");
  if (isVideo) {
    medium.controls = medium.autoplay = medium.muted = medium.playsInline = true;
    medium.addEventListener("error", () => $("media").replaceChildren(create("p",
      "This browser cannot play this video. Download it to play it elsewhere. Videos play here where PyAV is installed on the camera's computer: pip install av.")));
  } else medium.alt = `Snapshot ${item.name}`;
  medium.src = item.url;
  $("media").replaceChildren(medium);
  setText("about-item", item.writing ? `${item.name}, which is being recorded: it plays as far as it is there` : item.name);
  $("links").replaceChildren(createLink("Download", item.url, item.name));
  if (item.original) $("links").append(createLink("Download without boxes", item.original, ""));
  showOne(true);
}

function createLink(text, address, name) {
  const link = create("a", text);
  link.href = address;
  link.download = name;
  return link;
}

// Show one item, or the list.
function showOne(on) {
  $("shown").hidden = $("back").hidden = !on;
  $("items").hidden = $("gallery-note").hidden = on;
  if (!on) $("media").replaceChildren();
}

$("back").addEventListener("click", () => showOne(false));
$("gallery").addEventListener("close", () => showOne(false));
$("open-gallery").addEventListener("click", () => { showOne(false); $("gallery").showModal(); updateGallery(); });
