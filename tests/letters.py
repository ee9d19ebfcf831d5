"""Drawn letters, as a data set and as a page: what a model of other classes than the digits is tried with."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_edge.models.pages.letters import warp, write

# None that is written in two pieces, or like another.
LETTERS = "ACEFHKLMNPRTUW"
PEN = 5


def draw(page: NDArray[np.uint8], letter: str, x: int, y: int, height: int, rng: np.random.Generator) -> int:
    """Draw a letter in dark ink, never twice the same; returns the first column to its right."""
    strokes = warp(write(letter), rng, 0.03)
    right = 0
    for stroke in strokes:
        points = np.rint(stroke * height + (x, y)).astype(np.int32)
        cv2.polylines(page, [points], False, (40, 35, 30), PEN, cv2.LINE_AA)
        right = max(right, int(points[:, 0].max()))
    return right + PEN


def page_of(*rows: str, height: int = 56, seed: int = 1) -> NDArray[np.uint8]:
    """A sheet with rows of letters, shape (high, wide, 3), BGR."""
    rng = np.random.default_rng(seed)
    page = np.full((60 + len(rows) * 2 * height, 80 + max(map(len, rows)) * 2 * height, 3), 235, np.uint8)
    for number, row in enumerate(rows):
        x = 40
        for letter in row:
            x = draw(page, letter, x, 30 + 2 * height * number, height, rng) + height // 3
    return page


def pictures_of(folder: Path, letters: str = LETTERS, of_each: int = 40, names: dict[str, str] | None = None) -> Path:
    """A folder for each letter, with pictures of it; `names` has other names for the folders."""
    rng = np.random.default_rng(0)
    for letter in letters:
        place = folder / (names or {}).get(letter, letter)
        place.mkdir(parents=True)
        for number in range(of_each):
            picture: NDArray[Any] = np.full((90, 90, 3), 235, np.uint8)
            draw(picture, letter, 20, 15, int(rng.integers(44, 60)), rng)
            cv2.imwrite(str(place / f"{number}.png"), picture)
    return folder
