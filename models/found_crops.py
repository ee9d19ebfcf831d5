"""What a reader cuts out of generated pages, with the truth known: images for a classifier beside the data's own.

A found box holds a neighbour's end, a piece of a grid, a pattern behind the ink, or no digit at all, as often as no
augmentation of whole digits has it. `make crops` draws the pages, with training digits alone.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_atomically
from mnist_edge.run_folders import RUNS

# Where `make crops` puts them.
CROPS = RUNS / "found-crops.npz"
# The label of a crop that holds no digit.
NONE = -1


class FoundCrops(NamedTuple):
    """Crops, with what they hold.

    Attributes:
        images: Shape (n, 28, 28), uint8, 0 = paper, 255 = full ink.
        labels: Shape (n,): the digits, or `NONE`.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    @property
    def digits(self) -> int:
        """How many hold a digit."""
        return int(np.count_nonzero(self.labels != NONE))


def crops_key(path: Path = CROPS) -> str | None:
    """Hexadecimal digits that differ where the crops do; None where there are none."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None


def write_crops(crops: FoundCrops, path: Path = CROPS) -> None:
    """Write crops to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, images=crops.images, labels=crops.labels.astype(np.int8))

    write_atomically(path, save)


def read_crops(path: Path = CROPS) -> FoundCrops:
    """Read what `write_crops` wrote."""
    with np.load(path) as arrays:
        return FoundCrops(arrays["images"], arrays["labels"].astype(np.int64))
