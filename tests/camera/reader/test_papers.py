"""What stands on any paper, alone, in a frame or beside larger digits is read as well as black on white."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading

Image = NDArray[np.uint8]
Write = Callable[..., Box]
BLACK, WHITE = (25, 25, 25), (250, 250, 250)
# BGR of the ink of an orange highlighter, as the share of the light that it leaves.
ORANGE = np.array((60, 165, 255)) / 255
# Pages of twenty digits, and images of single ones.
PAGES, IMAGES = 10, 200
PLAIN = Conditions(rows=4, columns=5, size=0.11, ink=BLACK, paper=WHITE)


def on(grey: int) -> Conditions:
    """White on grey."""
    return replace(PLAIN, ink=(255, 255, 255), paper=(grey,) * 3)


def on_colour(blue: int, green: int, red: int) -> Conditions:
    return replace(PLAIN, paper=(blue, green, red))


PAPERS = {
    "yellow paper": on_colour(40, 235, 250),
    "orange paper": on_colour(30, 140, 250),
    "red paper": on_colour(50, 50, 215),
    "green paper": on_colour(70, 190, 60),
    "sticky note": replace(PLAIN, notes=True),
    "grey of 115": on(115),
    "grey of 142": on(142),
    "grey of 170": on(170),
    "lit green board": replace(on(0), surface="chalkboard", paper=(110, 140, 90), grain=0.3, exposure=1.1),
    "pavement": replace(on(0), paper=(135, 140, 145), grain=0.4, noise=12.0, pen=0.12),
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def handwriting(digits: Dataset) -> Dataset:
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to enlarge: set MNIST_EDGE_DATA")
    return digits


def write(handwriting: Dataset, conditions: Conditions) -> list[Page]:
    """The same digits at the same places, whatever the paper."""
    return [draw_page(handwriting.validation, seed, conditions, width=640, height=480) for seed in range(PAGES)]


def count(pages: list[Page], readings: list[Reading]) -> tuple[int, int]:
    """How many digits were read right, and how many others were read."""
    right = sum(
        any(true.label == digit.label and true.box.iou(digit.box) >= 0.4 for digit in reading.digits)
        for page, reading in zip(pages, readings, strict=True)
        for true in page.digits
    )
    return right, sum(len(reading.digits) for reading in readings) - right


@pytest.fixture(scope="module")
def plain(reader: Reader, handwriting: Dataset) -> tuple[int, int]:
    """The counts of black on white."""
    pages = write(handwriting, PLAIN)
    return count(pages, [reader.read(page.image) for page in pages])


def is_as_good(found: tuple[int, int], plain: tuple[int, int], of: int) -> bool:
    """Neither fewer right nor more wrong, by more than what is reached today; the aim is 1 % of all digits for both."""
    (right, wrong), (plain_right, plain_wrong) = found, plain
    return right >= plain_right - 0.04 * of and wrong <= plain_wrong + 0.02 * of


def test_black_on_white_is_read(plain: tuple[int, int], handwriting: Dataset) -> None:
    digits = sum(len(page.digits) for page in write(handwriting, PLAIN))
    assert plain[0] >= 0.96 * digits and plain[1] <= 0.03 * digits


@pytest.mark.parametrize("paper", PAPERS)
def test_any_paper_is_read_like_white_paper(
    reader: Reader, handwriting: Dataset, plain: tuple[int, int], paper: str
) -> None:
    pages = write(handwriting, PAPERS[paper])
    found = count(pages, [reader.read(page.image) for page in pages])
    assert is_as_good(found, plain, sum(len(page.digits) for page in pages)), (found, plain)


def test_a_highlighter_adds_nothing_and_hides_nothing(
    reader: Reader, handwriting: Dataset, plain: tuple[int, int]
) -> None:
    pages = write(handwriting, PLAIN)
    readings = []
    for page in pages:
        image = page.image.astype(np.float32)
        for row in {digit.row for digit in page.digits}:
            boxes = [digit.box for digit in page.digits if digit.row == row]
            top, bottom = min(box.y for box in boxes) - 8, max(box.bottom for box in boxes) + 8
            image[top:bottom, boxes[0].x - 12 : boxes[-1].right + 12] *= ORANGE
        readings.append(reader.read(image.astype(np.uint8)))
    found = count(pages, readings)
    assert is_as_good(found, plain, sum(len(page.digits) for page in pages)), (found, plain)


def cropped(image: Image) -> Image:
    rows, columns = np.flatnonzero(image.max(axis=1) > 20), np.flatnonzero(image.max(axis=0) > 20)
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("show", [lambda image: image, cropped], ids=["whole", "cropped to the digit"])
def test_an_image_of_the_data_set_is_read_in_either_polarity(
    reader: Reader, handwriting: Dataset, show: Callable[[Image], Image]
) -> None:
    """Of MNIST's images 94 % today, cut close or not, however they are shown; the aim is 98 %."""
    images, labels = handwriting.validation.images[:IMAGES, ..., 0], handwriting.validation.labels[:IMAGES]
    shown = [show(image) for image in images]
    white, black = (
        sum(
            reader.read(np.ascontiguousarray(image ^ mask)).text == (str(label),)
            for image, label in zip(shown, labels, strict=True)
        )
        for mask in (np.uint8(0), np.uint8(255))
    )
    assert black >= 0.93 * IMAGES
    assert white >= black - 0.01 * IMAGES, (white, black)


def page(height: int = 480, width: int = 640) -> Image:
    return np.full((height, width, 3), 235, np.uint8)


@pytest.mark.parametrize("label", [1, 7])
@pytest.mark.parametrize("height", [60, 300, 420])
def test_a_single_stroke_on_plain_paper(reader: Reader, write_digit: Write, label: int, height: int) -> None:
    frame = page()
    write_digit(frame, label, 280, 25, height, max(4, height // 12))
    assert reader.read(frame).text == (str(label),)


FRAMES: dict[str, Callable[[Image, Box], object]] = {
    "circle": lambda frame, box: cv2.circle(
        frame, (round(box.centre[0]), round(box.centre[1])), round(0.8 * box.height), BLACK, 3, cv2.LINE_AA
    ),
    "box": lambda frame, box: cv2.rectangle(
        frame, (box.x - 18, box.y - 18), (box.right + 17, box.bottom + 17), BLACK, 3
    ),
}


@pytest.mark.parametrize("shape", FRAMES)
def test_a_digit_in_a_frame_is_read_as_what_is_in_it(reader: Reader, write_digit: Write, shape: str) -> None:
    """Seven of ten at least, and nothing else; the aim is all of them."""
    frame, written = page(), []
    for index in range(10):
        written.append(write_digit(frame, index, 60 + 115 * (index % 5), 110 + 180 * (index // 5), 60, 5))
        FRAMES[shape](frame, written[-1])
    digits = reader.read(frame).digits
    right = [max(digits, key=lambda digit: digit.box.iou(box)).label == index for index, box in enumerate(written)]
    assert sum(right) >= 7 and len(digits) <= sum(right)


def test_heights_of_one_to_three_on_one_line_are_one_row(reader: Reader, write_digit: Write) -> None:
    frame, x = page(), 60
    for label, height in ((3, 120), (2, 40), (8, 120), (5, 40), (7, 120)):
        write_digit(frame, label, x, 300 - height, height, max(3, height // 14))
        x += round(0.6 * height) + 35
    reading = reader.read(frame)
    assert [text.replace(" ", "") for text in reading.text] == ["32857"]


def test_superscripts_are_digits(reader: Reader, write_digit: Write) -> None:
    frame = page()
    written = []
    for index, (label, power) in enumerate(((3, 2), (5, 4), (7, 8))):
        x = 60 + 190 * index
        written += [write_digit(frame, label, x, 180, 110, 9), write_digit(frame, power, x + 85, 140, 45, 5)]
    reading = reader.read(frame)
    # All six are found as what they are, though two may be doubted.
    doubted = [one for one in reading.rejected if one.confidence > 0.5]
    found = [(one.label, one.box) for one in reading.digits] + [(one.label, one.box) for one in doubted]
    assert len(doubted) <= 2 and sorted(label for label, _ in found) == [2, 3, 4, 5, 7, 8]
    assert all(max(true.iou(box) for true in written) > 0.6 for _, box in found)
