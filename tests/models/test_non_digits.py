"""Each kind of non-digit is what it says, and none of them is a digit."""

import string

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.models import non_digits as drawing
from mnist_edge.models.non_digits import KINDS, non_digits
from mnist_edge.opencv import cv2

Images = NDArray[np.uint8]
COUNT = 200
INK = 100


def split_of(digit: Images) -> Split:
    """Ten images of the same ink, in the middle of the frame."""
    images = np.zeros((10, 28, 28, 1), np.uint8)
    top, left = (28 - digit.shape[0]) // 2, (28 - digit.shape[1]) // 2
    images[:, top : top + digit.shape[0], left : left + digit.shape[1], 0] = digit
    return Split(images, np.arange(10, dtype=np.uint8))


@pytest.fixture(scope="module")
def bars() -> Split:
    """Upright bars, 20 high and 10 wide."""
    return split_of(np.full((20, 10), 255, np.uint8))


def sizes(pictures: Images) -> NDArray[np.int64]:
    """Height and width of the ink, shape (n, 2), pixels."""
    boxes = [cv2.boundingRect((picture > INK).astype(np.uint8)) for picture in pictures]
    return np.array([(height, width) for _, _, width, height in boxes])


def inside_box(picture: Images) -> Images:
    x, y, width, height = cv2.boundingRect((picture > INK).astype(np.uint8))
    return picture[y : y + height, x : x + width]


def components(picture: Images) -> int:
    return int(cv2.connectedComponents((picture > INK).astype(np.uint8), connectivity=8)[0]) - 1


def holes(picture: Images) -> int:
    return int(cv2.connectedComponents((picture <= INK).astype(np.uint8), connectivity=4)[0]) - 2


def half_stroke(picture: Images) -> float:
    """Half the width of the thickest stroke, pixels."""
    return float(cv2.distanceTransform((picture > INK).astype(np.uint8), cv2.DIST_L2, 3).max())


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_normalised_ink_that_a_seed_decides_on(bars: Split, kind: str) -> None:
    pictures = non_digits(bars, seed=1, count=12, kind=kind)
    assert pictures.shape == (12, 28, 28) and pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2)) == 255).all()
    # As `normalise` leaves them: the longer side fills 20 pixels.
    assert (np.abs(sizes(pictures).max(axis=1) - 20) <= 3).sum() >= 8
    assert np.array_equal(pictures, non_digits(bars, seed=1, count=12, kind=kind))
    if kind not in ("pairs", "pieces"):
        other = non_digits(bars, seed=2, count=12, kind=kind)
        assert len({picture.tobytes() for picture in (*pictures, *other)}) == 24


def test_an_unknown_kind_is_an_error(bars: Split) -> None:
    with pytest.raises(ValueError, match=r"no kind 'faces'.*letters, scribbles"):
        non_digits(bars, 1, 5, "faces")


def test_all_kinds_take_turns_and_letters_come_twice(bars: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    # A letter that is known: two bars above each other.
    monkeypatch.setattr(drawing, "SIGNS", "=")
    monkeypatch.setattr(drawing, "_fonts", lambda: real[:1])
    pictures = non_digits(bars, 3, 80).reshape(10, 8, 28, 28)
    letters, rest = pictures[:, :2].reshape(-1, 28, 28), pictures[:, 2:]
    assert np.median([components(picture) for picture in letters]) == 2
    assert all(components(picture) == 1 for picture in rest[:, 0])  # scribbles
    assert np.median(sizes(rest[:, 4])[:, 1]) >= 19 and (sizes(rest[:, 4])[:, 1] >= 19).all()  # pairs
    assert (sizes(rest[:, 5])[:, 0] < 0.9 * sizes(rest[:, 5])[:, 1]).all()  # pieces
    assert np.mean([holes(picture) for picture in rest[:, 3]]) > np.mean([holes(picture) for picture in rest[:, 2]])


real = drawing._fonts()


def test_letters_and_signs_are_none_that_look_like_digits() -> None:
    assert not set(drawing.SIGNS) & (set(string.digits) | set("OoQDlIiZzSsqgbBGyJ|/!"))
    assert set("AEFHKMNPRTUWXaekmw+=") < set(drawing.SIGNS)


def test_letters_are_drawn_in_many_typefaces_sizes_and_weights(bars: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "SIGNS", "H")
    monkeypatch.setattr(drawing, "_fonts", lambda: [path for path in real if path.stem.startswith("DejaVuSans")])
    pictures = non_digits(bars, 1, COUNT, "letters")
    # An H has two uprights above its bar; two letters side by side have four.
    uprights = [int((np.diff((picture[8].astype(int) > INK).astype(int)) == 1).sum()) for picture in pictures]
    wide = sizes(pictures)[:, 1] > 1.4 * sizes(pictures)[:, 0]
    assert np.mean(wide) == pytest.approx(0.2, abs=0.07)
    assert np.median(np.array(uprights)[~wide]) == 2
    assert len({picture.tobytes() for picture in pictures}) > 100
    weights = [half_stroke(picture) for picture in pictures[~wide]]
    assert np.percentile(weights, 90) > 1.3 * np.percentile(weights, 10)


def test_scribbles_are_one_thin_line_that_crosses_itself(bars: Split) -> None:
    pictures = non_digits(bars, 1, COUNT, "scribbles")
    assert all(components(picture) == 1 for picture in pictures)
    assert np.mean([holes(picture) for picture in pictures]) > 1.3
    assert np.median([half_stroke(picture) for picture in pictures]) < 3
    assert np.median((pictures > INK).sum(axis=(1, 2)) / sizes(pictures).prod(axis=1)) < 0.45


def test_strokes_are_straight_and_none_is_an_upright_alone(bars: Split) -> None:
    pictures = non_digits(bars, 1, COUNT, "strokes")
    height, width = sizes(pictures).T
    assert (width > 0.8 * height).all()
    flat = pictures[width > 3 * height]
    assert 0.1 * COUNT < len(flat) < 0.4 * COUNT
    for picture in flat:
        columns = np.flatnonzero(picture.max(axis=0) > INK)[1:-1]
        middle = (picture[:, columns] * np.arange(28)[:, None]).sum(axis=0) / picture[:, columns].sum(axis=0)
        assert (middle - np.polyval(np.polyfit(columns, middle, 1), columns)).std() < 0.75
    # The others have more strokes, up to crosses and lattices with many cells.
    assert max(holes(picture) for picture in pictures) >= 4
    assert np.mean([components(picture) == 1 for picture in pictures]) > 0.8


def test_blots_are_filled_patches_with_ragged_edges(bars: Split) -> None:
    pictures = non_digits(bars, 1, COUNT, "blots")
    thickness = [half_stroke(picture) for picture in pictures]
    assert np.median(thickness) > 2.5 and max(thickness) > 5
    assert np.mean([holes(picture) == 0 for picture in pictures]) > 0.75
    assert np.median([components(picture) for picture in pictures]) >= 2
    # Ragged: neither a box nor a circle fills so little of the box around it.
    assert np.median((pictures > INK).sum(axis=(1, 2)) / sizes(pictures).prod(axis=1)) < 0.5


def test_textures_fill_their_box_and_some_are_specks(bars: Split) -> None:
    pictures = non_digits(bars, 1, COUNT, "textures")
    filled = (pictures > INK).sum(axis=(1, 2)) / sizes(pictures).prod(axis=1)
    specks = filled < 0.15
    assert np.mean(specks) == pytest.approx(0.3, abs=0.08)
    assert np.median([components(picture) for picture in pictures[specks]]) >= 3
    for picture in pictures[specks]:
        # Two opposite corners hold the box.
        height, width = sizes(picture[None])[0]
        assert max(height, width) >= 17
    textures = pictures[~specks]
    assert filled[~specks].min() > 0.2
    assert np.median([holes(picture) for picture in textures]) >= 6
    height, width = sizes(textures).T
    assert (width <= height).all() and np.median(width / height) == pytest.approx(0.8, abs=0.06)
    # Smoothed noise: neighbours are alike, as those of cloth or wood are.
    alike = [np.corrcoef(inside[:-1].ravel(), inside[1:].ravel())[0, 1] for inside in map(inside_box, textures)]
    assert np.median(alike) > 0.36


def test_pairs_are_two_or_three_digits_that_touch(bars: Split) -> None:
    pictures = non_digits(bars, 1, COUNT, "pairs")
    height, width = sizes(pictures).T
    # Two bars of 20 by 10 are a square, three are half as wide again.
    ratio = width / height
    two, three = np.abs(ratio - 1) < 0.1, np.abs(ratio - 1.5) < 0.15
    assert (two | three).all()
    assert two.mean() == pytest.approx(0.5, abs=0.1)
    assert all(components(picture) == 1 for picture in pictures)


def test_pairs_are_of_several_digits_of_the_split() -> None:
    images = np.zeros((2, 28, 28, 1), np.uint8)
    images[0, 4:24, 9:19] = 255
    images[1, 4:24, 9:19] = 255
    images[1, 10:18, 12:16] = 0
    pictures = non_digits(Split(images, np.array([1, 0], np.uint8)), 1, COUNT, "pairs")
    rings = [holes(picture) for picture in pictures]
    assert set(rings) == {0, 1, 2, 3}


@pytest.fixture(scope="module")
def notched() -> Split:
    """Digits 16 high and 20 wide, whose upper half has a wide notch in the middle."""
    digit = np.full((16, 20), 255, np.uint8)
    digit[:8, 8:12] = 0
    return split_of(digit)


def test_pieces_are_the_upper_or_the_lower_part_of_a_digit(notched: Split) -> None:
    pictures = non_digits(notched, 1, COUNT, "pieces")
    height, width = sizes(pictures).T
    # A quarter to a half of 16 rows, at 20 columns; rows may be cut off by a part.
    share = 20 / 16 * height / width
    assert 0.2 < share.min() < 0.35 and 0.4 < share.max() < 0.75
    upper = np.array([components(picture) == 2 for picture in pictures])
    assert upper.mean() == pytest.approx(0.5, abs=0.12)
    assert len(set(share.tolist())) >= 4


def test_pieces_are_wider_than_high() -> None:
    # Half of what is twice as high as wide is a square, so only the shorter pieces will do.
    narrow = split_of(np.full((20, 10), 255, np.uint8))
    height, width = sizes(non_digits(narrow, 1, 60, "pieces")).T
    assert (width > 1.15 * height).all()
