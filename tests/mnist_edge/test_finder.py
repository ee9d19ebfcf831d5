"""A pyramid of a picture, in which a network of one scale finds digits of any size and either polarity."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.detection import CHANNELS, UNIT, Floats
from mnist_edge.finder import TILE, Level, find, pyramid
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box


def squares(level: NDArray[np.uint8], least: int = 10) -> Floats:
    """A network that finds square rings of ink with a side of `least` to 24 pixels, by the box of each component."""
    rows, columns = (-(-side // 8) for side in level.shape)
    output = np.full((rows, columns, 2, 2, CHANNELS), -9, np.float32)
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(level > 100, np.uint8))
    for x, y, width, height, area in stats[1:].tolist():
        if least <= width < 25 and least <= height < 25 and area < 0.97 * width * height:
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


def with_small(image: NDArray[np.uint8], x: int, y: int) -> NDArray[np.uint8]:
    """A ring of 14x16 pixels more."""
    image[y : y + 16, x : x + 14] = 20
    image[y + 2 : y + 14, x + 2 : x + 12] = 250
    return image


def test_a_level_is_looked_at_only_where_smaller_ones_leave_ink_unexplained() -> None:
    found = find(page(250, 20, 80, 90), squares, 0.5, 9)
    assert len(found.detections) == 2
    assert [len(level.looks) for level in found.levels[:2]] == [0, 0]
    # A small digit beside them is found in the part of the picture that it stands in.
    found = find(with_small(page(250, 20, 80, 90), 600, 440), squares, 0.5, 9)
    small = found.detections.boxes[found.depths == 0]
    assert len(found.detections) == 3 and small == pytest.approx(np.array([[600, 440, 14, 16]]), abs=1)
    assert sum(look.output.shape[0] * look.output.shape[1] for look in found.levels[0].looks) < 80 * 60 / 4


@pytest.mark.parametrize("x", [0, 180, 191, 374, 626])
@pytest.mark.parametrize("y", [0, 184, 463])
def test_nothing_falls_between_parts(x: int, y: int) -> None:
    image = np.full((480, 640, 3), 250, np.uint8)
    found = find(with_small(image, x, y), squares, 0.5, 9)
    assert found.detections.boxes[found.depths == 0] == pytest.approx(np.array([[x, y, 14, 16]]), abs=1)


def test_no_more_are_found_than_asked_for() -> None:
    image = np.full((480, 640, 3), 250, np.uint8)
    for y in range(4, 460, 36):
        for x in range(4, 620, 36):
            with_small(image, x, y)
    assert len(find(image, squares, 0.5, 100).detections) == 100


def test_ink_within_a_part_is_that_of_the_whole() -> None:
    part = Level(page(250, 20, 40, 80), False).ink_within(Box(30, 10, 100, 60))
    whole = Level(page(250, 20, 40, 80), False).ink
    assert np.array_equal(part, whole[10:70, 30:130])


def unsure(level: NDArray[np.uint8], least: int = 10) -> Floats:
    """As `squares`, but with so low scores that no detection explains what is around it."""
    output = squares(level, least).reshape(-1, CHANNELS)
    output[output[:, 0] > 0, 0] = -1
    return output.reshape(-(-level.shape[0] // 8), -(-level.shape[1] // 8), 4 * CHANNELS)


def looked_at(image: NDArray[np.uint8]) -> list[int]:
    """The levels at which a finder looks that is unsure of what it sees; it always looks at small ones."""
    found = find(image, unsure, 0.15, 99)
    return [depth for depth, level in enumerate(found.levels) if level.looks and max(level.picture.shape) > TILE]


def test_connected_ink_is_what_fills_it_however_unsure_that_is() -> None:
    """A ring of 80 pixels is found at a quarter of the picture; at larger levels it is no digit."""
    image = page(250, 20, 80)
    assert looked_at(image) == []
    # What a detection does not fill may hold others.
    wide = image.copy()
    cv2.line(wide, (99, 60), (190, 60), (20, 20, 20), 9)
    assert looked_at(wide) == [0, 1]
    # Specks of two pixels, one at half of the picture, are nothing.
    image[300:302, 400:402] = 20
    assert looked_at(image) == []


def test_what_is_smaller_than_a_level_is_for_is_looked_at_in_the_next() -> None:
    """A ring of 28 pixels has 7 at a quarter of the picture, where a network may see it, but not well."""

    def eager(level: NDArray[np.uint8]) -> Floats:
        return unsure(level, least=6)

    found = find(page(250, 20, 28), eager, 0.15, 99)
    assert [bool(level.looks) for level in found.levels[:3]] == [False, True, True]
