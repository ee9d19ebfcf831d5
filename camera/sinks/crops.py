"""A folder of digits as the camera found them: pictures, and a list of lines that is only ever added to."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.sinks.event_files import append_line
from mnist_edge.camera.sinks.saved_files import has_free_space
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from mnist_edge.safe_text import to_json

LIST = "collected.jsonl"
# Paper kept around a digit, so that people see what it stands on: a share of its longer side, and pixels.
MARGIN, MIN_MARGIN = 0.25, 2
# The longest side of what is kept, in pixels: people look at it, and no training reads it.
LARGEST_CROP = 256
# Pictures of one digit: as the network saw it, and as the camera did.
PICTURES = 2
# The latest lines that can still be corrected; those before are forgotten, so that memory does not grow.
RECENT = 1_000


class CropFolder:
    """A folder that digits are added to; of several lines about one item the last counts."""

    def __init__(self, path: Path, max_files: int) -> None:
        """Write nothing yet; `max_files` is how many pictures the folder may hold, those of earlier runs included."""
        self.path = path
        self._max_files = max_files
        self._files: int | None = None
        self._lines: dict[str, dict[str, Any]] = {}

    @property
    def full(self) -> bool:
        """Whether the folder holds all that it may, or its disk has too little free space for another digit."""
        if self._files is None:
            self.path.mkdir(parents=True, exist_ok=True)
            with os.scandir(self.path) as entries:
                self._files = sum(entry.name.endswith(".png") for entry in entries)
        return self._files + PICTURES > self._max_files or not has_free_space(self.path)

    def add(self, line: dict[str, Any], seen: NDArray[np.uint8], raw: NDArray[np.uint8]) -> None:
        """Add one digit: its two pictures, then its line.

        Args:
            line: The metadata of the digit; `item` names it and its files.
            seen: As the network saw it, shape (28, 28), 0 = paper, 255 = full ink.
            raw: As the camera saw it, shape (height, width, 3), BGR.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        item = line["item"]
        pictures = {f"{item}.png": seen, f"{item}-raw.png": raw}
        for name, picture in pictures.items():
            write_bytes(self.path / name, cv2.imencode(".png", picture)[1].tobytes())
        self._files = (self._files or 0) + PICTURES
        image, crop = pictures
        # Last, so that no line names a picture that is not there.
        self._append({"item": item, "image": image, "crop": crop, **line, "corrected": None})

    def correct(self, item: str, label: int, time: str, name: str | None = None) -> bool:
        """Record that an item really is `label`, or -1 for no digit; return whether the item is known.

        Args:
            item: What names it.
            label: What it is.
            time: When that was said.
            name: What the model calls that class; None for digits, and for no digit.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        if item not in self._lines:
            return False
        if self._lines[item]["corrected"] != label:
            named = {} if name is None else {"corrected_name": name}
            known = {key: one for key, one in self._lines[item].items() if key != "corrected_name"}
            self._append(known | {"corrected": label, **named, "time": time})
        return True

    def _append(self, line: dict[str, Any]) -> None:
        append_line(self.path / LIST, to_json(line).encode() + b"\n")
        self._lines[line["item"]] = line
        if len(self._lines) > RECENT:
            del self._lines[next(iter(self._lines))]


def cut_out(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cut a box out of a picture with some paper around it, scaled down to 256 pixels at most."""
    margin = max(MIN_MARGIN, round(MARGIN * max(box.width, box.height)))
    top, left = max(0, box.y - margin), max(0, box.x - margin)
    crop = image[top : box.bottom + margin, left : box.right + margin]
    scale = LARGEST_CROP / max(crop.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in crop.shape[1::-1]]
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    return crop
