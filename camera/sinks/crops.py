"""A folder of digits as the camera found them: pictures, and a list of lines that is only ever added to."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.reader.candidate import Candidate
from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.camera.reader.segment import segment
from mnist_edge.camera.sinks.room import has_room
from mnist_edge.normalisation import normalise
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from mnist_edge.safe_text import to_json

LIST = "collected.jsonl"
# Paper kept around a digit, as a share of its longer side; and the longest side of what is kept, in pixels.
MARGIN = 0.25
LARGEST_CROP = 256
# Ink is a digit's where its box and the digit's share so much of what they cover together.
SAME_INK = 0.6
# Lines that can still be corrected.
RECENT = 1_000


class CropFolder:
    """Adds digits to a folder. Of several lines about one item the last counts."""

    def __init__(self, path: Path, max_files: int) -> None:
        """Touch nothing yet.

        Args:
            path: The folder; it is created with the first digit.
            max_files: Pictures that it may hold, those of earlier runs included.
        """
        self.path = path
        self._max_files = max_files
        self._files: int | None = None
        self._lines: dict[str, dict[str, Any]] = {}

    @property
    def full(self) -> bool:
        """Whether there is no room for another digit, in the folder or on its disk.

        Raises:
            OSError: The folder cannot be read.
        """
        if self._files is None:
            self.path.mkdir(parents=True, exist_ok=True)
            with os.scandir(self.path) as entries:
                self._files = sum(entry.name.endswith(".png") for entry in entries)
        return self._files + 2 > self._max_files or not has_room(self.path)

    def add(self, line: dict[str, Any], seen: NDArray[np.uint8], crop: NDArray[np.uint8]) -> None:
        """Keep one digit.

        Args:
            line: What is known of it; `item` names it and its files.
            seen: As the network sees it, shape (28, 28), 0 = paper, 255 = full ink.
            crop: As the camera saw it, shape (height, width, 3), BGR.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        item = line["item"]
        pictures = {f"{item}.png": seen, f"{item}-raw.png": crop}
        for name, picture in pictures.items():
            write_bytes(self.path / name, cv2.imencode(".png", picture)[1].tobytes())
        self._files = (self._files or 0) + len(pictures)
        image, raw = pictures
        # Last, so that no line names a picture that is not there.
        self._append({"item": item, "image": image, "crop": raw, **line, "corrected": None})

    def correct(self, item: str, label: int, time: str) -> bool:
        """Say what an item really is.

        Args:
            item: Its name.
            label: 0 to 9, or -1 for no digit.
            time: When, ISO 8601.

        Returns:
            Whether it is known: one of the latest thousand.

        Raises:
            OSError: The folder cannot be written, or the disk is full.
        """
        if item not in self._lines:
            return False
        if self._lines[item]["corrected"] != label:
            self._append(self._lines[item] | {"corrected": label, "time": time})
        return True

    def _append(self, line: dict[str, Any]) -> None:
        with (self.path / LIST).open("ab+") as file:
            content = to_json(line).encode() + b"\n"
            # A full disk or a power cut may have left half a line.
            if file.tell() and not _ends_a_line(file):
                content = b"\n" + content
            file.write(content)
        self._lines[line["item"]] = line
        if len(self._lines) > RECENT:
            del self._lines[next(iter(self._lines))]


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def seen_at(image: NDArray[np.uint8], boxes: Sequence[Box]) -> list[NDArray[np.uint8] | None]:
    """The ink at each box as the network sees it; None where a digit was cut out of ink that touches another.

    Args:
        image: Shape (height, width, 3), BGR.
        boxes: In pixels of the image.

    Returns:
        For each box shape (28, 28), 0 = paper, 255 = full ink.
    """
    found = segment(image)
    inks: list[NDArray[np.uint8] | None] = []
    for box in boxes:
        wanted = [side * found.scale for side in box]
        best: tuple[float, Candidate | None] = max(
            ((_overlap(wanted, one.box), one) for one in found.candidates), key=lambda pair: pair[0], default=(0, None)
        )
        share, candidate = best
        inks.append(normalise(widen_strokes(candidate.ink)) if candidate and share > SAME_INK else None)
    return inks


def crop_of(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What the camera saw at a box, with some paper around, no larger than 256 pixels.

    Args:
        image: Shape (height, width, 3), BGR.
        box: In pixels of the image.
    """
    margin = max(2, round(MARGIN * max(box.width, box.height)))
    top, left = max(0, box.y - margin), max(0, box.x - margin)
    crop = image[top : box.bottom + margin, left : box.right + margin]
    scale = LARGEST_CROP / max(crop.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in crop.shape[1::-1]]
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    return crop


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two boxes: what both cover, as a share of what either does."""
    sides = [min(one[k] + one[k + 2], other[k] + other[k + 2]) - max(one[k], other[k]) for k in (0, 1)]
    both = max(0.0, sides[0]) * max(0.0, sides[1])
    return both / max(one[2] * one[3] + other[2] * other[3] - both, 1e-9)
