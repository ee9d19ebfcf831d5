"""Crowded pages show every layout, drawing, ground and scan, and their truth stays that of the digits alone."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, Split
from mnist_edge.models.pages.conditions import LAYOUTS, PATTERNS, SCANS, Conditions
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.crowds import DRAWING_SHARES, LAYOUT_SHARES
from mnist_edge.models.pages.drawings import DRAWINGS
from mnist_edge.models.pages.grounds import PATTERNS as DRAWN_PATTERNS
from mnist_edge.models.pages.layouts import LAYOUTS as DRAWN_LAYOUTS
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.opencv import cv2

CLEAN = Conditions(
    blur=0.0, noise=0.0, jpeg=100, exposure=1.0, slope=0.0, grain=0.0, opacity=1.0, spread=0.6, ink=(30, 30, 30)
)
MANY = [crowded_conditions(np.random.default_rng(seed), ["a", "b"], ["c"]) for seed in range(800)]


@pytest.fixture
def split(digits: Dataset) -> Split:
    return digits.validation


def drawn(split: Split, seed: int, page: Conditions) -> Page:
    return draw_page(split, seed, page, width=640, height=480)


def test_a_quarter_has_no_digit_and_half_have_digits_of_the_data_set() -> None:
    assert 0.2 < np.mean([not one.rows for one in MANY]) < 0.3
    assert np.mean([bool(one.rows) and not one.digits for one in MANY]) > 0.5


def test_every_condition_comes_up() -> None:
    for name, known in (("layout", LAYOUTS), ("pattern", PATTERNS), ("scan", SCANS)):
        assert set(Counter(getattr(one, name) for one in MANY)) == set(known)
    assert set(DRAWN_LAYOUTS) == set(LAYOUT_SHARES) and set(DRAWINGS) == set(DRAWING_SHARES)
    assert set(DRAWN_PATTERNS) == set(PATTERNS) - {""}
    for name in ("highlighter", "notes", "uneven"):
        assert any(getattr(one, name) for one in MANY)
    assert min(one.least for one in MANY) == 12


def test_ink_differs_from_its_paper() -> None:
    for one in MANY:
        assert max(abs(a - b) for a, b in zip(one.ink, one.paper, strict=True)) >= 40, one


@pytest.mark.parametrize("layout", LAYOUT_SHARES)
def test_in_every_layout_boxes_are_tight_around_the_digits_alone(split: Split, layout: str) -> None:
    page = replace(CLEAN, layout=layout, rows=3, columns=4, size=0.1, pen=0.06)
    for seed in range(3):
        scene = drawn(split, seed, page)
        ink = np.asarray(scene.image.min(axis=2) < 134, np.uint8)
        assert scene.digits and all(scene.text)
        for digit in scene.digits:
            x, y, width, height = digit.box
            inside = ink[y : y + height, x : x + width]
            # Ink of the digit reaches all four sides; what else is near may reach them too.
            assert all(side.any() for side in (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:])), (seed, digit)
            assert height <= 1.5 * 0.1 * 480 and x >= 0 and y >= 0 and x + width <= 640 and y + height <= 480


@pytest.mark.parametrize("drawing", DRAWING_SHARES)
def test_drawings_have_much_ink_and_no_digit(split: Split, drawing: str) -> None:
    bare = replace(CLEAN, rows=0, size=0.08)
    empty = drawn(split, 1, bare).image.std()
    for seed in range(3):
        scene = drawn(split, seed, replace(bare, layout=drawing))
        assert scene.digits == () and "negative" in scene.tags
        assert scene.image.std() > 1.5 * empty


@pytest.mark.parametrize(
    "change",
    [{"highlighter": True}, {"notes": True}, {"resolution": 0.4}]
    + [{"pattern": name} for name in PATTERNS[1:]]
    + [{"scan": name} for name in SCANS[1:]],
)
def test_grounds_and_scans_leave_what_is_written_where_it_is(split: Split, change: dict[str, object]) -> None:
    plain, changed = (drawn(split, 2, page) for page in (CLEAN, replace(CLEAN, **change)))  # type: ignore[arg-type]
    assert (plain.digits, plain.text) == (changed.digits, changed.text)
    assert np.abs(plain.image.astype(int) - changed.image).mean() > 0.5
    darker = [np.median(changed.image) - np.percentile(changed.image[y : y + h, x : x + w], 3)
              for x, y, w, h in (digit.box for digit in changed.digits)]  # fmt: skip
    assert min(darker) > 50


def test_binary_scans_are_black_and_white_and_coarse_ones_have_fewer_pixels(split: Split) -> None:
    image = drawn(split, 2, replace(CLEAN, scan="binary")).image
    assert set(np.unique(image)) == {0, 255}
    # Where no threshold tells ink from paper, grey stays grey, and what is written can be seen.
    faint = drawn(split, 2, replace(CLEAN, scan="binary", ink=(200, 200, 200)))
    assert len(np.unique(faint.image)) > 2
    for x, y, w, h in (digit.box for digit in faint.digits):
        assert np.ptp(faint.image[y : y + h, x : x + w]) > 15
    sharp, coarse = (drawn(split, 2, replace(CLEAN, resolution=share)).image for share in (1.0, 0.3))
    assert cv2.Laplacian(coarse, cv2.CV_32F).std() < 0.5 * cv2.Laplacian(sharp, cv2.CV_32F).std()


def test_the_same_seed_gives_the_same_crowded_page(split: Split) -> None:
    for seed in (3, 8, 21, 34):
        one, same = (draw_page(split, seed, MANY[seed], width=320, height=240) for _ in range(2))
        assert (one.image == same.image).all() and (one.digits, one.text) == (same.digits, same.text)


def test_heights_on_one_line_differ_where_they_are_to(split: Split) -> None:
    scene = drawn(split, 4, replace(CLEAN, rows=1, columns=12, size=0.15, uneven=1.1, spread=0.2))
    heights = [digit.box.height for digit in scene.digits]
    assert max(heights) > 1.8 * min(heights)


def test_small_digits_are_as_small_as_is_asked_for(split: Split) -> None:
    scene = drawn(split, 4, replace(CLEAN, rows=3, columns=8, size=0.02, least=12))
    assert 10 <= np.median([digit.box.height for digit in scene.digits]) <= 16


def test_a_ledger_whose_digits_cross_is_narrower_and_keeps_its_truth(split: Split) -> None:
    joined = replace(CLEAN, rows=2, columns=6, size=0.08, touching=1.0)
    touching, crossing = (drawn(split, 3, replace(joined, crossing=reach)) for reach in (0.0, 0.2))
    assert len(crossing.digits) == 12 and "touching" in crossing.tags
    assert widths(crossing) < widths(touching)


def widths(scene: Page) -> int:
    return sum(max(digit.box.right for digit in row) - min(digit.box.x for digit in row)
               for row in ([digit for digit in scene.digits if digit.row == index] for index in range(2)))  # fmt: skip
