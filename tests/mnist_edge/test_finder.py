"""A pyramid of a picture, in which a network of one scale finds digits of any size and either polarity."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.detection import CHANNELS, UNIT, Floats
from mnist_edge.finder import find, pyramid
from mnist_edge.opencv import cv2


def squares(level: NDArray[np.uint8]) -> Floats:
    """A network that finds square rings of ink with a side of 10 to 24 pixels, by the box of each component."""
    rows, columns = (-(-side // 8) for side in level.shape)
    output = np.full((rows, columns, 2, 2, CHANNELS), -9, np.float32)
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(level > 100, np.uint8))
    for x, y, width, height, area in stats[1:].tolist():
        if 10 <= width < 25 and 10 <= height < 25 and area < 0.97 * width * height:
            row, column = int((y + height / 2) / 4), int((x + width / 2) / 4)
            cell = output[row // 2, column // 2, row % 2, column % 2]
            cell[0], cell[1] = 4, 5
            cell[11] = (x + width / 2) / 4 - column - 0.5
            cell[12] = (y + height / 2) / 4 - row - 0.5
            cell[13:] = np.log(width / UNIT), np.log(height / UNIT)
    return output.reshape(rows, columns, 4 * CHANNELS)


def page(paper: int, ink: int, *sides: int) -> NDArray[np.uint8]:
    image = np.full((480, 640, 3), paper, np.uint8)
    x = 20
    for side in sides:
        cv2.rectangle(image, (x, 20), (x + side - 1, 19 + side), (ink,) * 3, max(2, side // 9))
        x += side + 25
    return image


@pytest.mark.parametrize(("paper", "ink"), [(250, 20), (120, 20), (60, 230), (120, 230), (10, 255)])
def test_any_size_in_either_polarity(paper: int, ink: int) -> None:
    sides = 14, 40, 80, 180
    found = find(page(paper, ink, *sides), squares, 0.5, 9)
    assert found.light_on_dark == (ink > paper)
    assert sorted(np.rint(found.detections.boxes[:, 2]).tolist()) == pytest.approx(sides, rel=0.2)
    # The larger a box is, the smaller is the picture that it is found in.
    order = np.argsort(found.detections.boxes[:, 2])
    assert np.all(np.diff(found.depths[order]) > 0)
    assert len(found.levels) == len(pyramid(page(paper, ink)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (28, 28), (481, 639)])
def test_a_pyramid_ends(shape: tuple[int, int]) -> None:
    levels = pyramid(np.zeros((*shape, 3), np.uint8))
    assert levels[0].shape[:2] == shape and max(levels[-1].shape[:2]) < 32
    assert all(min(level.shape[:2]) >= 1 for level in levels)
    found = find(np.full((*shape, 3), 200, np.uint8), squares, 0.5, 9)
    assert len(found.detections) == 0
