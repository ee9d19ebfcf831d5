"""Digits that touch are cut apart; digits that stand alone are not."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.candidate import Candidate, Classify
from mnist_edge.camera.reader.connected import classify_ink
from mnist_edge.camera.reader.splitting import split
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from tests.camera.reader.seen import seen_at

Image = NDArray[np.uint8]
Write = Callable[[str, int], Image]


def candidate(ink: Image) -> Candidate:
    """The ink as a candidate whose box starts at (100, 200)."""
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    tight = np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return Candidate(Box(100, 200, tight.shape[1], tight.shape[0]), tight, frozenset([1]), 0.0)


def side_by_side(whole: Candidate, count: int) -> NDArray[np.float32]:
    """Where a finder sees the middles of so many digits of the same width in it."""
    return np.asarray((np.arange(count) + 0.5) * whole.box.width / count, np.float32)


@pytest.fixture(scope="module")
def classify() -> Classify:
    classifier = Classifier()
    return classifier.probabilities


@pytest.fixture
def write(digits: Dataset) -> Write:
    """`write("15", k)`: real digits, the k-th of each kind, pushed together until they touch."""
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to enlarge: set MNIST_EDGE_DATA")

    def together(text: str, k: int) -> Image:
        row = np.zeros((84, 0), np.uint8)
        for label in map(int, text):
            image = digits.validation.images[np.flatnonzero(digits.validation.labels == label)[k], :, :, 0]
            large = cv2.resize(image, (84, 84), interpolation=cv2.INTER_CUBIC)
            large = large[:, np.flatnonzero(large.max(axis=0) > 96)]
            row = pushed(row, large) if row.size else large
        return row

    return together


def pushed(left: Image, right: Image) -> Image:
    """Both side by side, moved together until their ink shares a few pixels."""
    for overlap in range(min(left.shape[1], right.shape[1])):
        row = np.zeros((84, left.shape[1] + right.shape[1] - overlap), np.uint8)
        row[:, : left.shape[1]] = left
        both = np.minimum(row[:, -right.shape[1] :], right) > 128
        if both.sum() >= 3 or overlap > 0.4 * right.shape[1]:
            np.maximum(row[:, -right.shape[1] :], right, out=row[:, -right.shape[1] :])
            return row
    raise AssertionError("the digits never met")


def test_touching_digits_are_split_or_refused(write: Write, classify: Classify) -> None:
    """Where strokes cross for long, any cut parts them badly, and then nothing beats a guess."""
    right = wrong = 0
    for text in ("00", "15", "42", "68", "90", "201"):
        for k in range(20):
            whole = candidate(write(text, k))
            parts = split(whole, classify, 0.8, side_by_side(whole, len(text)))
            read = "".join(str(part.label) for part in parts)
            right, wrong = right + (read == text), wrong + (read not in ("", text))
    assert right >= 65
    assert wrong <= 8


def test_drawn_digits_that_touch_are_read(write_digit: Callable[..., Box]) -> None:
    """Some: drawn with straight strokes, half of these look like other digits once they overlap."""
    texts, right, reader = ["22", "46", "68", "77", "90", "368", "6886"], 0, Reader()
    for text in texts:
        page = np.full((200, 400, 3), 235, np.uint8)
        for column, label in enumerate(map(int, text)):
            write_digit(page, label, 60 + 39 * column, 60, 60, 5)
        assert cv2.connectedComponents(255 - page[..., 0] // 200 * 255)[0] == 2
        right += reader.read(page).text == (text,)
    assert right >= 3


def test_parts_stand_in_order_inside_the_whole(write: Write, classify: Classify) -> None:
    found = 0
    for k in range(10):
        whole = candidate(write("00", k))
        parts = split(whole, classify, 0.7, side_by_side(whole, 2))
        found += bool(parts)
        assert all(part.original.parts == whole.parts for part in parts)
        assert all(part.confidence >= 0.95 for part in parts)
        # They may share the stroke where they touch.
        assert all(a.box.right <= b.box.x + 20 and a.box.x < b.box.x for a, b in pairwise(parts))
        for part in parts:
            assert part.original.ink.shape == (part.box.height, part.box.width)
            assert whole.box.encloses(part.box)
    assert found >= 5


@pytest.mark.parametrize("label", range(10))
def test_a_whole_digit_is_not_split(write: Write, classify: Classify, label: int) -> None:
    whole = [candidate(write(str(label), k)) for k in range(20)]
    # Even where a finder sees two digits in it.
    found = [
        classify_ink([one], classify, 0.0, seen_at(*((100 + float(x), 201) for x in side_by_side(one, 2))))[0]
        for one in whole
    ]
    # A 5 that the network is not sure of as a whole may be read in two.
    assert sum(len(digits) > 1 for digits in found) <= 1
    assert sum([digit.label for digit in digits] == [label] for digits in found) >= 18


def two_bars(gap: int = 44, height: int = 60, bridge: int = 2) -> Image:
    ink = np.zeros((height, gap + 16), np.uint8)
    ink[:, :8] = ink[:, -8:] = 255
    ink[height // 2 : height // 2 + bridge] = 255
    return ink


BOTH_BARS = np.array([4, 56], np.float32)


def sure_of(label: int, confidence: float) -> Classify:
    def classify(crops: Image) -> NDArray[np.float32]:
        rows = np.full((len(crops), 10), (1 - confidence) / 9, np.float32)
        rows[:, label] = confidence
        return rows

    return classify


def test_the_cut_is_where_there_is_little_ink() -> None:
    left, right = split(candidate(two_bars()), sure_of(1, 0.97), 0.7, BOTH_BARS)
    assert left.box.x == 100
    assert 108 <= left.box.right <= right.box.x <= 152
    assert right.box.right == 160


def test_parts_that_do_not_convince_are_no_split() -> None:
    assert len(split(candidate(two_bars()), sure_of(1, 0.97), 0.7, BOTH_BARS)) == 2
    assert split(candidate(two_bars()), sure_of(1, 0.93), 0.7, BOTH_BARS) == []
    assert split(candidate(two_bars()), sure_of(1, 0.97), 0.98, BOTH_BARS) == []


@pytest.mark.parametrize(
    ("middles", "parts"),
    [((4, 56), 2), ((3, 5, 55, 57), 2), ((4,), 0), ((4, 8), 0), ((3, 4, 5, 56), 0), ((), 0)],
    ids=["each in one", "each twice", "one", "both in the left one", "three in the left one", "none"],
)
def test_each_part_holds_what_the_finder_sees(middles: tuple[float, ...], parts: int) -> None:
    found = split(candidate(two_bars()), sure_of(1, 0.97), 0.7, np.array(middles, np.float32))
    assert len(found) == parts


@pytest.mark.parametrize("shape", [(60, 30), (60, 8), (20, 300)], ids=["slender", "a stroke", "a long line"])
def test_what_cannot_be_several_digits_is_not_even_classified(shape: tuple[int, int]) -> None:
    def never(crops: Image) -> NDArray[np.float32]:
        raise AssertionError("classified")

    assert split(candidate(np.full(shape, 255, np.uint8)), never, 0.7, np.arange(0, 300, 5, dtype=np.float32)) == []


def test_a_comb_costs_a_bounded_number_of_inputs() -> None:
    asked = 0

    def count(crops: Image) -> NDArray[np.float32]:
        nonlocal asked
        asked += len(crops)
        return np.full((len(crops), 10), 0.1, np.float32)

    comb = np.zeros((200, 1500), np.uint8)
    comb[90:110] = 255
    comb[:, ::25] = comb[:, 1::25] = comb[:, 2::25] = 255
    assert split(candidate(comb), count, 0.7, np.arange(0, 1500, 25, dtype=np.float32)) == []
    assert 0 < asked <= 300
