"""The labelled pictures that engines read: generated pages, and the photographs of a folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.photo_labels import page_truth, read_labels
from mnist_edge.camera.images import read_image
from mnist_edge.dataset import Split

PAGES, PHOTOGRAPHS = "generated pages", "photographs"
# As `make pages`: no setting of the reader was chosen with these.
FIRST_SEED = 10_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and how to get it.

    Attributes:
        kind: The set that it belongs to.
        name: Its name there.
        get: Returns its row of `labels.json`, and its pixels, shape (height, width, 3), BGR.
    """

    kind: str
    name: str
    get: Callable[[], tuple[dict[str, Any], NDArray[np.uint8]]]


def generated(split: Split, count: int) -> Iterator[Picture]:
    """Yield pages, written with the digits of a split."""
    from mnist_edge.models.pages.pages import draw_page

    for seed in range(FIRST_SEED, FIRST_SEED + count):

        def draw(seed: int = seed) -> tuple[dict[str, Any], NDArray[np.uint8]]:
            page = draw_page(split, seed)
            return page_truth(page, f"page {seed}"), page.image

        yield Picture(PAGES, f"page {seed}", draw)


def photographs(folder: Path) -> Iterator[Picture]:
    """Yield the pictures of a folder with `labels.json`.

    Raises:
        DataError: There are no labels.
    """
    for row in read_labels(folder):

        def read(row: dict[str, Any] = row) -> tuple[dict[str, Any], NDArray[np.uint8]]:
            return row, read_image(str(folder / row["file"]))

        yield Picture(PHOTOGRAPHS, row["file"], read)
