"""A detection's crop holds its own ink: not its neighbours', nor lines, nor the noise of paper."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.crop import Crop, cut
from mnist_edge.detection import Detections
from mnist_edge.finder import Found, Level, pyramid
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

Bounds = tuple[float, float, float, float]


def found(level: NDArray[np.uint8], box: Bounds, depth: int = 0) -> Found:
    """What a finder sees that has found this box in a picture of this ink level."""
    one = Detections(np.array([box], np.float32), np.ones(1, np.float32), np.full((1, 10), 0.1, np.float32))
    picture = np.repeat(255 - level[..., None], 3, axis=2)
    return Found(one, np.array([depth]), tuple(Level(size, False) for size in pyramid(picture)), False)


def crops(level: NDArray[np.uint8], box: Bounds, depth: int = 0) -> list[Crop]:
    return list(cut(found(level, box, depth), 0, level.shape))


def ways(level: NDArray[np.uint8], box: Bounds) -> list[tuple[Box, bool, bool]]:
    """Box, whole and bare of each crop."""
    return [(crop.box, crop.whole, crop.bare) for crop in crops(level, box)]


@pytest.fixture
def level() -> NDArray[np.uint8]:
    """A stroke from (40, 20) to (44, 59), and the end of a neighbour's that reaches into its box."""
    picture = np.zeros((100, 100), np.uint8)
    picture[20:60, 40:45] = 180
    picture[55:90, 47:53] = 200
    return picture


@pytest.mark.parametrize("depth", [0, 1])
def test_ink_is_tight_alone_and_stretched_and_comes_once(level: NDArray[np.uint8], depth: int) -> None:
    (crop,) = crops(level, (37, 19, 11, 42), depth)
    assert (crop.box, crop.whole, crop.bare) == (Box(40, 20, 5, 40), True, False)
    assert crop.ink.shape == (40, 5) and crop.ink.min() == 255


def test_a_stroke_that_reaches_a_little_beyond_the_box_is_whole(level: NDArray[np.uint8]) -> None:
    assert ways(level, (37, 19, 11, 38)) == [(Box(40, 20, 5, 40), True, False)]
    # Where it reaches further, it may also end.
    assert ways(level, (37, 19, 11, 28)) == [(Box(40, 20, 5, 40), True, False), (Box(40, 20, 5, 32), False, False)]


def test_a_box_a_little_off_loses_nothing(level: NDArray[np.uint8]) -> None:
    assert crops(level, (41, 23, 6, 34))[0].box == Box(40, 20, 5, 40)


@pytest.mark.parametrize("box", [(60, 10, 20, 20), (200, 10, 20, 20), (-30, -30, 10, 10), (99.5, 99.5, 4, 4)])
def test_without_ink_there_is_no_crop(level: NDArray[np.uint8], box: Bounds) -> None:
    level[0:50, 60:80] += np.random.default_rng(0).integers(0, 9, (50, 20), np.uint8)
    assert crops(level, box) == []


def test_boxes_are_pixels_of_the_picture() -> None:
    level = np.zeros((50, 50), np.uint8)
    level[10:30, 20:23] = 255
    (crop,) = cut(found(level, (78, 38, 16, 84)), 0, (200, 200))
    assert crop.box == Box(80, 40, 12, 80)


def test_parts_of_one_digit_stay_together() -> None:
    level = np.zeros((60, 60), np.uint8)
    level[20:40, 20:24] = 200
    level[20:24, 27:34] = 200
    assert ways(level, (19, 19, 16, 22)) == [(Box(20, 20, 14, 20), True, False)]


def test_a_stroke_that_lies_mostly_beyond_the_box_is_none_of_its() -> None:
    level = np.zeros((60, 90), np.uint8)
    level[30:34, 30:85] = 200
    assert crops(level, (33, 10, 20, 22)) == []


def long_stroke() -> NDArray[np.uint8]:
    level = np.zeros((300, 200), np.uint8)
    level[100:250, 100:105] = 200
    return level


def long_line() -> NDArray[np.uint8]:
    level = np.zeros((300, 200), np.uint8)
    level[:, 100:105] = 200
    return level


def word() -> NDArray[np.uint8]:
    level = np.zeros((300, 200), np.uint8)
    points = [(x, (100, 140)[k % 2]) for k, x in enumerate(range(17, 200, 12))]
    cv2.polylines(level, [np.array(points)], False, 200, 4)
    return level


@pytest.mark.parametrize("draw", [long_stroke, long_line, word])
def test_ink_that_goes_on_beyond_is_only_cut_off(draw: Callable[[], NDArray[np.uint8]]) -> None:
    (crop,) = crops(draw(), (91, 99, 23, 42))
    assert not crop.whole and not crop.bare
    # No further than a margin round the box.
    assert Box(84, 92, 37, 56).encloses(crop.box)


def test_a_table_line_is_taken_off_the_digit_that_touches_it() -> None:
    level = np.zeros((120, 120), np.uint8)
    level[20:60, 40:45] = level[60:63] = 200
    touching, bare = crops(level, (37, 19, 11, 42))
    assert (touching.whole, touching.bare) == (False, False)
    assert touching.box.width > 20 and touching.box.bottom == 63
    assert (bare.whole, bare.bare) == (True, True)
    # The line's rims go with it.
    assert bare.box in (Box(40, 20, 5, 39), Box(40, 20, 5, 40))


@pytest.mark.parametrize("slant", [0, 6])
@pytest.mark.parametrize("pen", [180, 220])
def test_a_paler_grid_is_taken_off_the_digit_that_touches_it(slant: int, pen: int) -> None:
    """Squared paper is mostly paler than the pen, and never quite level."""
    level = np.zeros((160, 160), np.uint8)
    for start in range(10, 160, 30):
        cv2.line(level, (0, start), (159, start + slant), 100, 2)
        cv2.line(level, (start, 0), (start - slant, 159), 100, 2)
    level[60:100, 72:77] = pen
    darker = [crop for crop in crops(level, (69, 59, 11, 42)) if crop.bare and crop.whole]
    assert Box(72, 60, 5, 40) in [crop.box for crop in darker]
    assert darker[0].ink[:, 1:-1].min() == 255


@pytest.mark.parametrize(
    ("shape", "stroke", "box"),
    [
        ((100, 100), Box(40, 0, 5, 30), (37, 0, 11, 24)),
        ((100, 100), Box(40, 70, 5, 30), (37, 76, 11, 24)),
        ((100, 100), Box(0, 40, 30, 5), (0, 37, 24, 11)),
        ((100, 100), Box(70, 40, 30, 5), (76, 37, 24, 11)),
    ],
    ids=["above", "below", "left", "right"],
)
def test_at_the_border_of_the_picture_nothing_goes_on(shape: tuple[int, int], stroke: Box, box: Bounds) -> None:
    level = np.zeros(shape, np.uint8)
    level[stroke.slices] = 200
    first = crops(level, box)[0]
    assert (first.box, first.whole) == (stroke, True)


@pytest.mark.parametrize("looked_at", [False, True])
def test_a_part_of_a_level_is_enough(level: NDArray[np.uint8], looked_at: bool) -> None:
    seen = found(level, (37, 19, 11, 42))
    if looked_at:
        assert seen.levels[0].ink.shape == level.shape
    (crop,) = cut(seen, 0, level.shape)
    assert crop.box == Box(40, 20, 5, 40) and crop.ink.min() == 255
