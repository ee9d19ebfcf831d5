"""Texts with corners become digits with boxes, to the benefit of the engine that gives them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.suite.picture_engines import around
from mnist_edge.benchmarks.suite.text_boxes import as_reading, digits_of
from mnist_edge.reading import Box

# Where ink is, on a page of 200x100.
INKS = (Box(22, 30, 10, 40), Box(62, 32, 20, 36), Box(108, 30, 4, 40))


@pytest.fixture
def page() -> NDArray[np.uint8]:
    picture = np.full((100, 200, 3), 230, np.uint8)
    for ink in INKS:
        picture[ink.slices] = (40, 40, 200)
    return picture


def test_a_text_is_divided_evenly_and_shrunk_to_the_ink(page: NDArray[np.uint8]) -> None:
    found = digits_of([("123", around((10, 20, 120, 60)))], page, tight=False)
    assert [(digit.label, digit.box) for digit in found] == list(zip((1, 2, 3), INKS, strict=True))


def test_what_is_no_digit_is_dropped_but_has_its_share(page: NDArray[np.uint8]) -> None:
    found = digits_of([("1 a3", around((10, 20, 120, 60)))], page, tight=False)
    assert [(digit.label, digit.box) for digit in found] == [(1, INKS[0]), (3, INKS[2])]


def test_light_ink_on_a_dark_page_is_ink_too(page: NDArray[np.uint8]) -> None:
    found = digits_of([("7", around((10, 20, 40, 60)))], 255 - page, tight=False)
    assert [digit.box for digit in found] == [INKS[0]]


def test_a_tilted_text_is_divided_along_its_writing(page: NDArray[np.uint8]) -> None:
    blank = np.full_like(page, 230)
    corners = ((0.0, 0.0), (100.0, 50.0), (100.0, 70.0), (0.0, 20.0))
    left, right = digits_of([("12", corners)], blank, tight=True)
    assert (left.box, right.box) == (Box(0, 0, 50, 45), Box(50, 25, 50, 45))


def test_a_box_outside_of_the_picture_is_no_digit(page: NDArray[np.uint8]) -> None:
    assert digits_of([("1", around((300, 20, 50, 60)))], page, tight=False) == []


def test_a_row_in_pieces_is_one_row(page: NDArray[np.uint8]) -> None:
    digits = digits_of([("3", around((90, 20, 40, 60))), ("12", around((10, 20, 80, 60)))], page, tight=False)
    reading = as_reading(digits, 200, 100, "page", 1.0)
    assert [row.replace(" ", "") for row in reading.text] == ["123"]
    assert reading.milliseconds["total"] == 1.0
