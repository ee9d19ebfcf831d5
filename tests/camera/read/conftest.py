"""`mnist-edge read` within the process, and pictures to read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

Image = NDArray[np.uint8]

Draw = Callable[[str], Image]


@pytest.fixture
def draw(write_digit: Callable[..., Box]) -> Draw:
    """`draw("12")`: a page with these digits."""

    def page(text: str) -> Image:
        image = np.full((160, 60 + 80 * max(1, len(text)), 3), 235, np.uint8)
        for column, label in enumerate(text):
            write_digit(image, int(label), 40 + 80 * column, 45, 70, 8)
        return image

    return page


@pytest.fixture
def folder(tmp_path: Path, draw: Draw) -> Path:
    """`a.png` says 12, `b.jpg` says 7, and there is a text file."""
    cv2.imwrite(str(tmp_path / "a.png"), draw("12"))
    cv2.imwrite(str(tmp_path / "b.jpg"), draw("7"))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path
