"""Pictures: the live one as a stream of JPEGs, the newest one, and the gallery of snapshots and recordings."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler, TaskWorker
from mnist_edge.camera.web.loop_state import LoopHandler, LoopState, first_of
from mnist_edge.errors import ImageError
from mnist_edge.opencv import cv2, name_for_opencv

JPEG_QUALITY = 80
# The longest side of a live picture, in pixels: no page shows more, and encoding and sending more takes long.
MAX_SIDE = 1280
THUMBNAIL_SIDE = 320
# The least time between two live pictures: no person sees more of them.
PICTURE_SECONDS = 1 / 30
# A picture after which no other comes is sent again: soon, since browsers show a picture when the next one begins, and
# then now and then, which finds out who has disconnected.
REPEAT_SOON_SECONDS = 0.2
REPEAT_SECONDS = 2.0
BOUNDARY = "mnist-edge-picture"
# Files of each kind that are listed; the others are counted.
MAX_LISTED = 200
# A video that grew so lately, while frames are recorded, is the one that is being written.
WRITING_SECONDS = 3.0
CHUNK_BYTES = 1 << 17
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
}
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class LivePictures:
    """Encodes the newest view when somebody wants to see it, once for all clients."""

    def __init__(self, state: LoopState, worker: TaskWorker, meter: Meter) -> None:
        """Encode the views of `state` in `worker`, and count them in `meter`."""
        self._state, self._worker, self._meter = state, worker, meter
        self._view: View | None = None
        self._jpeg: bytes | None = None
        self._encoding: asyncio.Task[None] | None = None
        self._next_at = 0.0

    async def newest(self) -> bytes | None:
        """Return a JPEG of the newest view, or of the one that is being encoded; None before the first."""
        if self._state.view is not self._view:
            if self._encoding is None or self._encoding.done():
                self._encoding = asyncio.create_task(self._encode())
            # A client that disconnects must not take the picture from the others.
            await asyncio.shield(self._encoding)
        return self._jpeg

    async def newer_than(
        self, sent: bytes | None, timeout_seconds: float, disconnected: asyncio.Future[None]
    ) -> bytes | None:
        """Wait for another picture than `sent`, and return it; or `sent` after the timeout, or once `disconnected`."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_seconds
        while True:
            changed = self._state.changed
            picture = await self.newest()
            if picture is not sent or clock() >= deadline or disconnected.done():
                return picture
            await first_of(changed, disconnected, timeout_seconds=deadline - clock())

    async def _encode(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(self._next_at - clock(), 0))
        self._next_at = clock() + PICTURE_SECONDS
        view = self._state.view
        if view is not None:
            self._jpeg = await self._worker.run(lambda: _jpeg(view.picture, MAX_SIDE))
            self._view = view
            self._meter.display.tick()


class Snapshot(Handler):
    """`GET /snapshot.jpg`: the newest live picture."""

    async def _answer(self) -> None:
        jpeg = await self.settings["pictures"].newest()
        if jpeg is None:
            raise Refused(503, "there is no picture yet")
        self.send("image/jpeg", jpeg)


class Stream(LoopHandler):
    """`GET /stream.mjpg`: live pictures, as fast as the client takes them, until it disconnects."""

    async def _answer(self) -> None:
        pictures: LivePictures = self.settings["pictures"]
        with self.loop.state.client("pictures"):
            self.send(f"multipart/x-mixed-replace; boundary={BOUNDARY}", f"--{BOUNDARY}\r\n")
            await self.flush_in_time()
            sent: bytes | None = None
            repeat_seconds = REPEAT_SECONDS
            while not self.disconnected.done():
                jpeg = await pictures.newer_than(sent, repeat_seconds, self.disconnected)
                repeat_seconds = REPEAT_SECONDS if jpeg is sent else REPEAT_SOON_SECONDS
                sent = jpeg
                if jpeg:
                    self.write(f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n")
                    self.write(jpeg)
                    self.write(f"\r\n--{BOUNDARY}\r\n")
                await self.flush_in_time()


@dataclass(frozen=True, slots=True)
class Gallery:
    """Lists the files that this program made, and no others: so no name in a request can lead anywhere else.

    Attributes:
        snapshots: Returns the snapshots, newest first.
        recordings: Returns the recordings, newest first.
    """

    snapshots: Callable[[], list[Path]] = list
    recordings: Callable[[], list[Path]] = list

    def files(self, kind: str) -> list[Path]:
        """Return the files of a kind, `snapshots` or `recordings`; none of any other kind."""
        return {"snapshots": self.snapshots, "recordings": self.recordings}.get(kind, list)()

    def find(self, kind: str, name: str) -> Path | None:
        """Return the file of this name, which may be a snapshot's frame without boxes; None where there is none."""
        for path in self.files(kind):
            for known in (path, _original(path)):
                if known.name == name and known.is_file():
                    return known
        return None

    def to_json(self, recording: bool) -> dict[str, Any]:
        """Return the document of `GET /api/gallery`.

        Args:
            recording: Whether a video is being written.
        """
        kinds = {kind: self.files(kind) for kind in ("recordings", "snapshots")}
        items = [item for kind, files in kinds.items() for item in _items(kind, files[:MAX_LISTED], recording)]
        return {
            "items": sorted(items, key=lambda item: str(item["time"]), reverse=True),
            "left_out": sum(max(len(files) - MAX_LISTED, 0) for files in kinds.values()),
        }


class GalleryList(LoopHandler):
    """`GET /api/gallery`."""

    async def _answer(self) -> None:
        self.send_json(self.settings["gallery"].to_json(self.loop.controls.recording))


class GalleryFile(Handler):
    """`GET /files/KIND/NAME`: a file, or the part of it that is asked for, as video players do to jump."""

    def find(self) -> Path:
        """Return the file that the address names, or raise `Refused`."""
        kind, name = map(unquote, self.request.path.split("/")[-2:])
        gallery: Gallery = self.settings["gallery"]
        if found := gallery.find(kind, name):
            return found
        raise Refused(404, f"there is no {name} among the {kind} any more")

    async def _answer(self) -> None:
        path = self.find()
        with path.open("rb") as file:
            size = path.stat().st_size
            start, stop = self._part(size)
            self.set_header("Content-Type", CONTENT_TYPES.get(path.suffix.lower(), "application/octet-stream"))
            self.set_header("Content-Disposition", f"inline; filename*=UTF-8''{quote(path.name)}")
            self.set_header("Content-Length", stop - start)
            file.seek(start)
            while start < stop and not self.disconnected.done():
                chunk = file.read(min(CHUNK_BYTES, stop - start))
                start += len(chunk) or stop
                self.write(chunk)
                await self.flush_in_time()

    def _part(self, size: int) -> tuple[int, int]:
        """The first byte to send, and the one after the last."""
        self.set_header("Accept-Ranges", "bytes")
        asked = RANGE.fullmatch(self.request.headers.get("Range", ""))
        # RFC 9110 lets a server ignore other ranges, such as several at once.
        if not asked or asked[0] == "bytes=-":
            return 0, size
        first, last = asked.groups()
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if start >= stop:
            self.set_header("Content-Range", f"bytes */{size}")
            raise Refused(416, f"there are only {size:,} bytes")
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        return start, stop


class GalleryThumbnail(GalleryFile):
    """`GET /thumbnails/KIND/NAME`: a small picture of a file."""

    async def _answer(self) -> None:
        path = self.find()
        # So a client that asks for many keeps others from the thread for one only.
        async with self.settings["thumbnail_lock"]:
            jpeg = await self.site.worker.run(lambda: _thumbnail(path))
        if jpeg is None:
            raise Refused(404, f"{path.name} shows nothing yet")
        self.send("image/jpeg", jpeg)


def _items(kind: str, files: list[Path], recording: bool) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            about = path.stat()
        except OSError:
            # It was the oldest, and has been deleted meanwhile.
            continue
        original, name = _original(path), quote(path.name)
        yield {
            "kind": kind,
            "name": path.name,
            "bytes": about.st_size,
            "time": datetime.fromtimestamp(about.st_mtime, timezone.utc).isoformat(timespec="milliseconds"),
            "writing": kind == "recordings" and recording and time.time() - about.st_mtime < WRITING_SECONDS,
            "url": f"/files/{kind}/{name}",
            "thumbnail": f"/thumbnails/{kind}/{name}",
            "original": f"/files/{kind}/{quote(original.name)}" if original != path and original.is_file() else None,
        }


def _original(path: Path) -> Path:
    """A snapshot's frame without boxes; of anything else the file itself."""
    return path.with_name(f"{path.stem}.raw.png") if path.suffix == ".jpg" else path


def _thumbnail(path: Path) -> bytes | None:
    """A JPEG of a picture or a video's first frame; None where it cannot be read."""
    try:
        name = name_for_opencv(path, ImageError)
    except ImageError:
        return None
    picture = cv2.imread(name) if path.suffix == ".jpg" else _first_frame(name)
    return None if picture is None else _jpeg(picture, THUMBNAIL_SIDE)


def _first_frame(name: str) -> Any:
    capture = cv2.VideoCapture(name)
    try:
        return capture.read()[1]
    finally:
        capture.release()


def _jpeg(picture: NDArray[np.uint8], max_side: int) -> bytes:
    """A picture as JPEG, made smaller where it is wider or higher than `max_side` pixels."""
    scale = max_side / max(picture.shape[:2])
    if scale < 1:
        size = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])
