"""A data set as its files hold it: pictures of any size, labels of any kind, in one to three parts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.progress import Progress

PARTS = TRAINING, VALIDATION, TEST = "training", "validation", "test"
# Grey of a colour (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Pictures(Protocol):
    """Pictures that are read when they are needed, so that large ones need not fit into memory."""

    def __len__(self) -> int:
        """How many."""

    def each(self, step: int = 1) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Every `step`-th: its name for messages; shape (height, width), or (height, width, 3) in RGB."""


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """Pictures of one array.

    Attributes:
        images: Shape (n, height, width), or (n, height, width, 3) in RGB, uint8.
        name: Of their file, for messages.
    """

    images: NDArray[np.uint8]
    name: str

    def __len__(self) -> int:
        return len(self.images)

    def each(self, step: int = 1) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """As `Pictures` has it."""
        for number in range(0, len(self.images), step):
            yield f"image {number} of {self.name}", self.images[number]


@dataclass(frozen=True, slots=True)
class Part:
    """Pictures with their labels.

    Attributes:
        pictures: As many as labels.
        labels: Shape (n,): whole numbers, or names.

    Raises:
        DataError: There are not as many, or none.
    """

    pictures: Pictures
    labels: NDArray[np.generic]

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.labels):
            raise DataError(f"there are {len(self.pictures)} images but {len(self.labels)} labels")
        if not len(self.labels):
            raise DataError("the data set has no images")


@dataclass(frozen=True, slots=True)
class RawData:
    """A data set as stored.

    Attributes:
        parts: By `TRAINING`, `VALIDATION` and `TEST`; the first is always there.
        class_names: What the labels that are numbers mean, where the files or their names tell.
        notes: What a user should know about how it was read.

    Raises:
        DataError: There is nothing to train with.
    """

    parts: Mapping[str, Part]
    class_names: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if TRAINING not in self.parts:
            raise DataError(f"there are no training images, only those for {' and '.join(self.parts) or 'nothing'}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A data set that a folder holds.

    Attributes:
        name: For messages, such as `train.csv, test.csv`.
        files: Its files; naming one of them chooses it among several. None of a folder of pictures.
        read: Reads it, and reports progress.
    """

    name: str
    files: tuple[Path, ...]
    read: Callable[[Progress], RawData]


def as_pictures(array: NDArray[np.generic], name: str) -> StoredPictures:
    """Take an array for pictures: floating point from 0 to 1, or whole numbers from 0 to 255.

    Args:
        array: Shape (n, height, width), the same and 1, 3 or 4 channels, or (n, pixels) of squares.
        name: Of the file, for messages.

    Raises:
        DataError: It has another shape, or other values.
    """
    side = round(array[:1].size ** 0.5)
    if array.ndim == 2 and side * side == array.shape[1]:
        array = array.reshape(-1, side, side)
    if array.ndim == 4 and array.shape[3] in (1, 3, 4):
        array = array[..., 0] if array.shape[3] == 1 else array[..., :3]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3) or not all(array.shape[1:]):
        shape = "x".join(map(str, array.shape[1:])) or "single numbers"
        raise DataError(f"{name}: images must be height x width, with 1 or 3 channels, not {shape}")
    return StoredPictures(_as_bytes(array, name), name)


def _as_bytes(array: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    kind, top = array.dtype.kind, 1 if array.dtype.kind == "f" else 255
    # Not a number is in no range.
    if kind not in "uif" or (array.size and not (array.min() >= 0 and array.max() <= top)):
        raise DataError(
            f"{name} holds {array.dtype} pixels; they must be whole numbers from 0 to 255, or fractions from 0 to 1"
        )
    if kind == "f":
        array = np.rint(array.astype(np.float32) * 255)
    return array.astype(np.uint8)


def as_labels(array: NDArray[np.generic], name: str) -> NDArray[np.generic]:
    """Take an array for labels: shape (n,) or (n, 1), whole numbers or names; `DataError` for anything else."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "uiU":
        raise DataError(f"{name}: labels must be whole numbers or names, one each, not {array.dtype} {array.shape}")
    return array


def grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey of a picture, shape (height, width) or (height, width, 3), or of many in colour."""
    return picture if picture.ndim == 2 else np.rint(picture @ _LUMA).astype(np.uint8)
