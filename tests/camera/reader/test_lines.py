"""Ruled lines go; the digits that touch them stay."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.components import find_components
from mnist_edge.camera.reader.lines import remove_lines, without_lines
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

Image = NDArray[np.uint8]
HEIGHT, WIDTH = 480, 640


def blank() -> Image:
    return np.zeros((HEIGHT, WIDTH), np.uint8)


@pytest.fixture
def write(write_digit: Callable[..., Box]) -> Callable[[int], Image]:
    """`write(pen)`: two rows of all ten digits, 50 pixels high, 255 = ink."""

    def digits(pen: int) -> Image:
        page = blank()
        for row, top in enumerate((100, 280)):
            for label in range(10):
                write_digit(page, label, 24 + 60 * label + 6 * row, top, 50, pen, 255)
        return page

    return digits


def ruled(rise: int = 0) -> Image:
    """Lines across the page, two of which the digits stand on, rising by so many pixels."""
    page = blank()
    for y in (90, 152, 210, 270, 332, 390):
        cv2.line(page, (0, y + rise), (WIDTH, y - rise), 255, 2)
    return page


def grid() -> Image:
    page = ruled()
    for x in range(15, WIDTH, 60):
        cv2.line(page, (x, 0), (x, HEIGHT), 255, 2)
    return page


def askew(page: Image, degrees: float) -> Image:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(page, turn, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST), np.uint8)


PAPERS = {
    "ruled": ruled(),
    "tilted up": ruled(6),
    "tilted down": ruled(-6),
    "grid": grid(),
}
# How a sheet lies in the picture, in degrees.
TURNS = [0, 9, -12]


@pytest.mark.parametrize("pen", [4, 9, 14])
@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("paper", PAPERS)
def test_lines_go(write: Callable[[int], Image], paper: str, degrees: float, pen: int) -> None:
    digits, lines = askew(write(pen), degrees), askew(PAPERS[paper], degrees)
    left = remove_lines(lines | digits) > 0
    where = (cv2.dilate(digits, np.ones((15, 15), np.uint8)) == 0) & (lines > 0)
    assert where.sum() > 2000
    assert (left & where).sum() < 0.02 * where.sum()


def share_kept(digits: Image, paper: Image) -> float:
    """Of the ink that no line covers."""
    drawn = (digits > 0) & (paper == 0)
    return float(((remove_lines(paper | digits) > 0) & drawn).sum() / drawn.sum())


@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("paper", PAPERS)
def test_digits_on_lines_keep_their_ink(write: Callable[[int], Image], paper: str, degrees: float) -> None:
    assert share_kept(askew(write(3), degrees), askew(PAPERS[paper], degrees)) > 0.85


def test_a_stroke_across_a_line_stays_in_one_piece() -> None:
    page, line = blank(), blank()
    for x in range(50, 600, 60):
        cv2.line(page, (x, 100), (x + 6, 150), 255, 4)
    cv2.line(line, (0, 125), (WIDTH, 125), 255, 3)
    left = remove_lines(page | line)
    heights = cv2.connectedComponentsWithStats(left)[2][1:, cv2.CC_STAT_HEIGHT]
    assert sorted(heights) == pytest.approx([54] * 10, abs=2)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_broad_pen_on_lines_keeps_its_ink(write: Callable[[int], Image], paper: str) -> None:
    assert share_kept(write(14), PAPERS[paper]) > 0.85


@pytest.mark.parametrize("pen", [4, 9, 14])
def test_a_page_without_lines_is_left_alone(write: Callable[[int], Image], pen: int) -> None:
    digits = write(pen)
    assert (remove_lines(digits) == digits).all()
    assert (remove_lines(blank()) == 0).all()


def seven(thickness: int) -> Image:
    page = blank()
    cv2.polylines(page, [np.array([[220, 100], [420, 100], [280, 380]])], False, 255, thickness)
    return page


def four(thickness: int) -> Image:
    page = blank()
    cv2.polylines(page, [np.array([[300, 100], [220, 260], [420, 260]])], False, 255, thickness)
    cv2.line(page, (370, 160), (370, 380), 255, thickness)
    return page


def one(thickness: int) -> Image:
    page = blank()
    cv2.line(page, (320, 120), (320, 360), 255, thickness)
    return page


def minus(thickness: int) -> Image:
    page = blank()
    cv2.line(page, (300, 240), (345, 240), 255, thickness)
    return page


@pytest.mark.parametrize("thickness", [16, 24])
@pytest.mark.parametrize("draw", [seven, four, one])
def test_strokes_of_a_digit_that_fills_half_the_picture_are_no_lines(draw: object, thickness: int) -> None:
    assert callable(draw)
    page = draw(thickness)
    assert (remove_lines(page) == page).all()


@pytest.mark.parametrize("thickness", [3, 5])
def test_a_minus_sign_is_no_line(thickness: int) -> None:
    page = minus(thickness)
    assert (remove_lines(page) == page).all()


def test_the_components_are_those_that_no_line_connects(write: Callable[[int], Image]) -> None:
    digits = write(9)
    alone, joined = find_components(digits), find_components(digits | ruled())
    assert len(joined.ids) < 20 == len(alone.ids)
    left = without_lines(joined)
    # Where a line crossed, a digit may be in two.
    large = left.areas > 100
    assert 20 <= np.count_nonzero(large) <= 24 and left.boxes[large, 2].max() < 60
    assert without_lines(alone) is alone


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 3)])
def test_any_shape_will_do(shape: tuple[int, int]) -> None:
    full = np.full(shape, 255, np.uint8)
    assert remove_lines(full).shape == shape
    assert full.all()
