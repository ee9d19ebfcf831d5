"""A detection's crop holds its own ink: not its neighbours', nor the noise of paper."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.crop import cut
from mnist_edge.detection import Detections
from mnist_edge.finder import Found, Level, pyramid
from mnist_edge.reading import Box


def found(level: NDArray[np.uint8], box: tuple[float, float, float, float], depth: int = 0) -> Found:
    """What a finder sees that has found this box in a picture of this ink level."""
    one = Detections(np.array([box], np.float32), np.ones(1, np.float32), np.full((1, 10), 0.1, np.float32))
    picture = np.repeat(255 - level[..., None], 3, axis=2)
    return Found(one, np.array([depth]), tuple(Level(size, False) for size in pyramid(picture)), False)


@pytest.fixture
def level() -> NDArray[np.uint8]:
    """A stroke from (40, 20) to (44, 59), and the end of a neighbour's that reaches into its box."""
    picture = np.zeros((100, 100), np.uint8)
    picture[20:60, 40:45] = 180
    picture[55:90, 47:53] = 200
    return picture


@pytest.mark.parametrize("depth", [0, 1])
def test_ink_is_tight_alone_and_stretched(level: NDArray[np.uint8], depth: int) -> None:
    crop = cut(found(level, (37, 19, 11, 42), depth), 0, level.shape)
    assert crop is not None
    assert crop.box == Box(40, 20, 5, 40)
    assert crop.ink.shape == (40, 5) and crop.ink.min() == 255


def test_a_box_a_little_off_loses_nothing(level: NDArray[np.uint8]) -> None:
    crop = cut(found(level, (41, 23, 6, 34)), 0, level.shape)
    assert crop is not None and crop.box == Box(40, 20, 5, 40)


@pytest.mark.parametrize("box", [(60, 10, 20, 20), (200, 10, 20, 20), (-30, -30, 10, 10), (99.5, 99.5, 4, 4)])
def test_without_ink_there_is_no_crop(level: NDArray[np.uint8], box: tuple[float, float, float, float]) -> None:
    level[0:50, 60:80] += np.random.default_rng(0).integers(0, 9, (50, 20), np.uint8)
    assert cut(found(level, box), 0, level.shape) is None


def test_boxes_are_pixels_of_the_picture() -> None:
    level = np.zeros((50, 50), np.uint8)
    level[10:30, 20:23] = 255
    crop = cut(found(level, (78, 38, 16, 84)), 0, (200, 200))
    assert crop is not None and crop.box == Box(80, 40, 12, 80)


def test_parts_of_one_digit_stay_together() -> None:
    level = np.zeros((60, 60), np.uint8)
    level[20:40, 20:24] = 200
    level[20:24, 27:34] = 200
    crop = cut(found(level, (19, 19, 16, 22)), 0, level.shape)
    assert crop is not None and crop.box == Box(20, 20, 14, 20)


def test_a_stroke_that_lies_mostly_beyond_the_box_is_none_of_its() -> None:
    level = np.zeros((60, 90), np.uint8)
    level[30:34, 30:85] = 200
    assert cut(found(level, (33, 10, 20, 22)), 0, level.shape) is None


@pytest.mark.parametrize("looked_at", [False, True])
def test_a_part_of_a_level_is_enough(level: NDArray[np.uint8], looked_at: bool) -> None:
    seen = found(level, (37, 19, 11, 42))
    if looked_at:
        assert seen.levels[0].ink.shape == level.shape
    crop = cut(seen, 0, level.shape)
    assert crop is not None and crop.box == Box(40, 20, 5, 40) and crop.ink.min() == 255
