import numpy as np
import pytest

from mnist_edge.camera.reader.rows import group_rows, in_reading_order
from mnist_edge.reading import Box, Digit


def page(rows: int, columns: int, tilt: float = 0.0, jitter: float = 0.0) -> list[Box]:
    rng = np.random.default_rng(0)
    boxes = []
    for row in range(rows):
        for column in range(columns):
            x, y = 50 + 60 * column, 50 + 70 * row + tilt * 60 * column + rng.normal(0, jitter)
            boxes.append(Box(x, round(y), 30, 40))
    return boxes


@pytest.mark.parametrize("tilt", [0.0, 0.12, -0.12])
def test_rows_are_found_on_straight_and_tilted_pages(tilt: float) -> None:
    boxes = page(3, 6, tilt, jitter=3)
    order = np.random.default_rng(1).permutation(len(boxes))
    found = group_rows([boxes[k] for k in order])
    assert [[int(order[k]) for k in row] for row in found] == [list(range(r * 6, r * 6 + 6)) for r in range(3)]


def test_digits_of_unlike_height_stay_in_one_row() -> None:
    assert group_rows([Box(0, 10, 20, 60), Box(40, 30, 20, 35), Box(80, 5, 10, 60)]) == [[0, 1, 2]]


def test_heights_of_one_to_three_on_one_baseline_are_one_row() -> None:
    """Small beside large does not look like a tilt."""
    boxes, x = [], 60
    for height in (120, 40, 120, 40, 120):
        boxes.append(Box(x, 300 - height, round(0.6 * height), height))
        x = boxes[-1].right + 35
    assert group_rows(boxes) == [[0, 1, 2, 3, 4]]


def test_no_boxes_no_rows() -> None:
    assert group_rows([]) == []
    assert in_reading_order([]) == ((), ())


@pytest.mark.parametrize(
    ("lefts", "text"),
    [
        ([0, 30, 60, 90], "1234"),
        ([0, 30, 130, 160], "12 34"),
        ([0, 90, 180, 270], "1234"),
        ([0, 30, 60, 200], "123 4"),
    ],
)
def test_a_space_where_the_gap_is_a_words(lefts: list[int], text: str) -> None:
    digits = [Digit(n, 1.0, Box(left, 0, 22, 40)) for n, left in enumerate(lefts, 1)]
    assert in_reading_order(digits) == (tuple(digits), (text,))
