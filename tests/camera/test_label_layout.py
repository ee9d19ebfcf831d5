"""Labels cover nothing while there is a free place; measured on crowded pages."""

from itertools import combinations

import numpy as np
import pytest

from mnist_edge.camera.label_layout import Placed, place_labels
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.reading import Box

WIDTH, HEIGHT = 640, 480
# With the confidence, smaller, and without it, as for digits of 40 pixels.
SIZES = [(62, 24), (44, 18), (16, 18)]


def layout(boxes: list[Box], width: int = WIDTH, height: int = HEIGHT) -> list[Placed | None]:
    occupancy = Occupancy.of(width, height)
    for box in boxes:
        occupancy.occupy(box)
    return place_labels(boxes, [SIZES] * len(boxes), occupancy)


def crowd(seed: int, pitch: int) -> list[Box]:
    """Rows of digits, narrow and wide, that stand so many pixels apart and do not overlap."""
    rng = np.random.default_rng(seed)
    return [
        Box(x + int(rng.integers(4)), y + int(rng.integers(8)), int(rng.integers(6, 29)), int(rng.integers(30, 41)))
        for y in range(30, HEIGHT - 50, pitch + 30)
        for x in range(10, WIDTH - 30, pitch)
    ]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("pitch", "most_missing"), [(64, 0), (48, 0), (40, 0), (34, 0.1)])
def test_nothing_is_covered_and_all_are_labelled_while_there_is_room(
    seed: int, pitch: int, most_missing: float
) -> None:
    boxes = crowd(seed, pitch)
    placed = layout(boxes)
    labels = [one.box for one in placed if one]
    assert not any(label.overlaps(box) for label in labels for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(labels, 2))
    assert all(0 <= one.x <= WIDTH - one.width and 0 <= one.y <= HEIGHT - one.height for one in labels)
    assert placed.count(None) <= most_missing * len(boxes)


def test_with_room_the_first_size_stands_right_above() -> None:
    box = Box(100, 200, 12, 40)
    (placed,) = layout([box])
    assert placed and (placed.option, placed.line) == (0, None)
    assert placed.box == Box(100, 200 - SIZES[0][1], *SIZES[0])


@pytest.mark.parametrize("corner", [(0, 0), (600, 0), (0, 440), (600, 440)])
def test_at_the_edge_it_stands_where_the_picture_is(corner: tuple[int, int]) -> None:
    (placed,) = layout([Box(*corner, 40, 40)])
    assert placed and placed.option == 0 and placed.line is None


def test_one_that_finds_no_room_beside_its_box_is_tied_to_it_by_a_line_that_crosses_nothing() -> None:
    middle = Box(300, 220, 20, 40)
    # A wall on each side leaves 20 pixels, less than any label is wide or high.
    walls = [Box(270, 160, 22, 160), Box(328, 160, 22, 160), Box(292, 206, 36, 8), Box(292, 266, 14, 8)]
    occupancy = Occupancy.of(WIDTH, HEIGHT)
    for box in (middle, *walls):
        occupancy.occupy(box)
    (placed,) = place_labels([middle], [[(62, 24), (30, 14)]], occupancy)
    assert placed and placed.line and placed.option == 1
    start, end = placed.line
    for step in np.linspace(0.05, 0.95, 50):
        x, y = (round(a + step * (b - a)) for a, b in zip(start, end, strict=True))
        point = Box(x, y, 1, 1)
        assert not any(point.overlaps(wall) for wall in walls)


def test_in_a_box_that_fills_the_picture_it_takes_a_corner_and_in_a_small_one_it_is_left_out() -> None:
    (placed,) = layout([Box(0, 0, WIDTH, HEIGHT)])
    assert placed and (placed.box.x, placed.box.y) == (0, 0)
    assert layout([Box(0, 0, 20, 20)], 20, 20) == [None]
