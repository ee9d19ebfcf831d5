"""What a reader cuts out of generated pages, with the truth known: images for a classifier beside the data's own.

A found box holds a neighbour's end, a piece of a grid, a pattern behind the ink, or no digit at all, as often as no
augmentation of whole digits has it. `make crops` draws the pages, with training digits alone.
"""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_atomically
from mnist_edge.dataset import Split
from mnist_edge.run_folders import RUNS

# Where `make crops` puts them.
CROPS = RUNS / "found-crops.npz"
# The label of a crop that holds no digit.
NONE = -1


def crops_key(path: Path = CROPS) -> str | None:
    """Hexadecimal digits that differ where the crops do; None where there are none."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None


def write_crops(images: NDArray[np.uint8], labels: NDArray[np.int64], path: Path = CROPS) -> None:
    """Write crops, shape (n, 28, 28), 0 = paper, 255 = full ink, with their digits, or `NONE`."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, images=images, labels=labels.astype(np.int8))

    write_atomically(path, save)


def read_crops(path: Path = CROPS) -> tuple[Split, NDArray[np.uint8]]:
    """Return the crops of digits, and those of other things, shape (n, 28, 28)."""
    with np.load(path) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    digits = labels != NONE
    return Split(images[digits][..., None], labels[digits].astype(np.uint8)), images[~digits]
