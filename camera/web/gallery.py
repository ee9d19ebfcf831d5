"""Snapshots and recordings, for the page: which there are, and a small picture of each."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_edge.errors import ImageError
from mnist_edge.opencv import cv2, name_for_opencv

# Of each kind; the others are counted.
MAX_LISTED = 200
# A video that grew so lately, while frames are recorded, is the one that is being written.
WRITING_SECONDS = 3.0
THUMBNAIL_SIDE = 320


@dataclass(frozen=True, slots=True)
class Gallery:
    """The files that this program made, and no others, so that a name that is asked for can lead nowhere else.

    Attributes:
        snapshots: Gives them, newest first.
        recordings: Gives them, newest first.
    """

    snapshots: Callable[[], list[Path]] = list
    recordings: Callable[[], list[Path]] = list

    def files(self, kind: str) -> list[Path]:
        """Snapshots or recordings, newest first; empty for any other kind."""
        return {"snapshots": self.snapshots, "recordings": self.recordings}.get(kind, list)()

    def find(self, kind: str, name: str) -> Path | None:
        """The file of this name, or the frame as it came that belongs to a snapshot; None where there is none."""
        for path in self.files(kind):
            for known in (path, _raw(path)):
                if known.name == name and known.is_file():
                    return known
        return None

    def to_json(self, recording: bool) -> dict[str, Any]:
        """What `GET /api/gallery` answers; `recording` says whether a video is being written."""
        kinds = {kind: self.files(kind) for kind in ("recordings", "snapshots")}
        items = [one for kind, files in kinds.items() for one in _items(kind, files[:MAX_LISTED], recording)]
        return {
            "items": sorted(items, key=lambda item: str(item["time"]), reverse=True),
            "left_out": sum(max(len(files) - MAX_LISTED, 0) for files in kinds.values()),
        }


def thumbnail(path: Path) -> bytes | None:
    """A JPEG of a picture, or of a video's first frame, at most `THUMBNAIL_SIDE` wide or high; None if none opens."""
    try:
        name = name_for_opencv(path, ImageError)
    except ImageError:
        return None
    picture = cv2.imread(name) if path.suffix == ".jpg" else _first_frame(name)
    if picture is None:
        return None
    scale = min(THUMBNAIL_SIDE / max(picture.shape[:2]), 1)
    size = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
    return bytes(cv2.imencode(".jpg", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))[1])


def _first_frame(name: str) -> Any:
    capture = cv2.VideoCapture(name)
    try:
        return capture.read()[1]
    finally:
        capture.release()


def _items(kind: str, files: list[Path], recording: bool) -> Iterator[dict[str, Any]]:
    for path in files:
        try:
            about = path.stat()
        # The ring has deleted it meanwhile.
        except OSError:
            continue
        raw, name = _raw(path), quote(path.name)
        yield {
            "kind": kind,
            "name": path.name,
            "bytes": about.st_size,
            "time": datetime.fromtimestamp(about.st_mtime, timezone.utc).isoformat(timespec="milliseconds"),
            "writing": kind == "recordings" and recording and time.time() - about.st_mtime < WRITING_SECONDS,
            "url": f"/files/{kind}/{name}",
            "thumbnail": f"/thumbnails/{kind}/{name}",
            "original": f"/files/{kind}/{quote(raw.name)}" if raw != path and raw.is_file() else None,
        }


def _raw(path: Path) -> Path:
    """The frame as it came, beside a snapshot; of anything else the file itself."""
    return path.with_name(f"{path.stem}.raw.png") if path.suffix == ".jpg" else path
