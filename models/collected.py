"""Digits that the camera collected, read from their folder as training images."""

import json
import struct
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import DIGITS
from mnist_edge.dataset import stratified
from mnist_edge.errors import DataError, PackageMissing
from mnist_edge.optional_packages import require

LIST = "collected.jsonl"
NO_DIGIT = -1
# An uncorrected label is taken where the model was as confident as this.
SURE = 0.95
# Fewer teach nothing, and leave nothing to check it on.
MIN_IMAGES = 10
# One in so many is held out.
HELD_OUT = 4
# A PNG of 28x28 pixels has less than one kilobyte, with a text chunk or two a few.
MAX_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class CollectedDigits:
    """Collected digits.

    Attributes:
        images: Shape (n, 28, 28, 1), uint8, 0 = background, 255 = full ink.
        labels: Shape (n,), int64: the place of its class among `classes`, or -1 for what is no digit.
        corrected: How many of them people corrected.
        skipped: How many lines could not be used, by the reason.
        folder: Where they were read.
        classes: What the labels mean.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    corrected: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    folder: Path | None = None
    classes: tuple[str, ...] = DIGITS

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp]) -> "CollectedDigits":
        """The images at `indices`, in that order, without the counts."""
        return CollectedDigits(self.images[indices], self.labels[indices], classes=self.classes)

    def split(self, seed: int) -> tuple["CollectedDigits", "CollectedDigits"]:
        """What to train on, and the quarter to check it on; each digit keeps its share."""
        kept, held_out = stratified(
            (self.labels % (len(self.classes) + 1)).astype(np.uint8), len(self) // HELD_OUT, seed
        )
        return self.take(kept), self.take(held_out)


def read_collected(folder: Path, classes: tuple[str, ...] = DIGITS) -> CollectedDigits:
    """Read what `mnist-edge camera --collect` left: of several lines about one item the last counts.

    A correction is the truth; without one the model's own reading is taken where it was sure. Lines that are damaged,
    and pictures that are missing, damaged or outside the folder, are skipped and counted.

    Args:
        folder: What `--collect` named.
        classes: What the network tells that is to learn them. Classes that are no digits are known by their names,
            whatever place they have in the network that read them.

    Raises:
        DataError: The folder holds no list, or fewer than ten usable digits.
        PackageMissing: Pillow, which reads the pictures, is not installed.
    """
    try:
        content = (folder / LIST).read_bytes()
    except OSError as error:
        raise DataError(
            f"{folder / LIST} cannot be read ({error.strerror}); collect digits with: "
            f"mnist-edge camera --collect {folder}"
        ) from None
    skipped: Counter[str] = Counter()
    items: dict[str, dict[str, Any]] = {}
    for raw in content.splitlines():
        line = _parsed(raw)
        if line is None:
            skipped["damaged line"] += 1
        else:
            items[line["item"]] = line
    images, labels, corrected = [], [], 0
    for line in items.values():
        try:
            label = _label(line, classes)
            images.append(_picture(folder, line.get("image")))
        except ValueError as reason:
            skipped[str(reason)] += 1
            continue
        labels.append(label)
        corrected += line.get("corrected") is not None
    why = ", ".join(f"{count} {reason}" for reason, count in skipped.most_common())
    if len(images) < MIN_IMAGES:
        raise DataError(
            f"{folder} holds {len(images)} digits to learn from, and {MIN_IMAGES} are the least"
            f"{f' (skipped: {why})' if why else ''}; collect and correct more with: "
            f"mnist-edge camera --collect {folder}"
        )
    return CollectedDigits(
        np.stack(images)[..., None], np.array(labels), corrected, tuple(skipped.most_common()), folder, classes
    )


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    # A thousand brackets end in RecursionError.
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("item"), str) else None


def _label(line: dict[str, Any], classes: tuple[str, ...]) -> int:
    """The truth about an item as far as it is known; ValueError where it is not."""
    corrected, label, confidence = (line.get(name) for name in ("corrected", "label", "confidence"))
    if corrected is not None:
        return NO_DIGIT if corrected == NO_DIGIT else _place(corrected, line.get("corrected_name"), classes)
    if label is None:
        raise ValueError("refused, not corrected")
    place = _place(label, line.get("name"), classes)
    if not isinstance(confidence, int | float) or not SURE <= confidence <= 1:
        raise ValueError("unsure, not corrected")
    return place


def _place(label: Any, name: Any, classes: tuple[str, ...]) -> int:
    """The place of a class; ValueError where it is none of these."""
    if classes == DIGITS and name is None:
        if type(label) is not int or not 0 <= label <= 9:
            raise ValueError("label is none")
        return label
    # Whoever corrects the list by hand may write the name for the label.
    called = label if isinstance(label, str) else name
    if called not in classes:
        raise ValueError("class is none of the network's")
    return classes.index(called)


def _picture(folder: Path, name: Any) -> NDArray[np.uint8]:
    """A picture of the folder itself, shape (28, 28); ValueError for everything else."""
    if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
        raise ValueError("name leads elsewhere")
    path = folder / name
    try:
        # Neither links, which may lead anywhere, nor pipes, which never end.
        if not S_ISREG(path.lstat().st_mode):
            raise ValueError("name leads elsewhere")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        raise ValueError("picture missing") from None
    # The header holds the size; a picture with another is never decompressed.
    if len(content) > MAX_BYTES or content[:8] != b"\x89PNG\r\n\x1a\n" or content[16:24] != struct.pack(">II", 28, 28):
        raise ValueError("picture damaged")
    try:
        image = require("PIL.Image", extra="train").open(BytesIO(content), formats=["PNG"])
        if image.mode != "L":
            raise ValueError
        pixels = np.asarray(image, np.uint8)
    except PackageMissing:
        raise
    # Whatever Pillow raises.
    except Exception:
        raise ValueError("picture damaged") from None
    if not pixels.any():
        raise ValueError("picture without ink")
    return pixels
