"""Generated photographs of pages are what they say they are, whatever the conditions."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import UsageError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.models.pages.random_conditions import random_conditions
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# As a scanner would see a felt pen: what is dark is ink.
CLEAN = Conditions(
    blur=0.0, noise=0.0, jpeg=100, exposure=1.0, slope=0.0, grain=0.0, opacity=1.0, spread=0.6, ink=(40, 40, 40)
)
MIDDLE = 134


@pytest.fixture
def split(digits: Dataset) -> Split:
    return digits.validation


@pytest.fixture(scope="module")
def pages(digits: Dataset) -> list[Page]:
    """As they come, small for speed."""
    return [draw_page(digits.validation, seed, width=640, height=480) for seed in range(45)]


def around(box: Box, margin: int) -> tuple[slice, slice]:
    return (
        slice(max(box.y - margin, 0), box.bottom + margin),
        slice(max(box.x - margin, 0), box.right + margin),
    )


def test_the_same_seed_gives_the_same_page(split: Split) -> None:
    for seed in (3, 4, 5):
        one, same, other = (draw_page(split, at, width=320, height=240) for at in (seed, seed, seed + 10))
        assert (one.image == same.image).all()
        assert (one.digits, one.text, one.tags) == (same.digits, same.text, same.tags)
        assert (one.image != other.image).any()


def test_pages_are_pictures_of_the_size_that_was_asked_for(split: Split) -> None:
    for width, height in ((64, 64), (300, 900), (1280, 960)):
        for seed in (0, 1, 5, 14):
            scene = draw_page(split, seed, width=width, height=height)
            assert scene.image.shape == (height, width, 3)
            assert scene.image.dtype == np.uint8
    with pytest.raises(UsageError, match="64x64 pixels, not 63x500"):
        draw_page(split, 0, width=63, height=500)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tilt": 9.0, "perspective": 0.05, "curl": 0.01},
        {"tilt": -9.0, "pen": 0.03, "size": 0.3, "columns": 2},
        {"size": 0.025, "rows": 5, "columns": 10},
        {"size": 0.9, "rows": 1, "columns": 1, "pen": 0.2, "tilt": 10.0},
        {"desk": True, "size": 0.08},
    ],
)
def test_boxes_are_tight_around_the_ink_as_it_appears(split: Split, change: dict[str, float]) -> None:
    conditions = replace(CLEAN, spread=1.2, **change)  # type: ignore[arg-type]
    for seed in range(4):
        scene = draw_page(split, seed, conditions, width=800, height=600)
        ink = np.asarray(scene.image.min(axis=2) < MIDDLE, np.uint8)
        assert scene.digits
        for digit in scene.digits:
            rows, columns = around(digit.box, 3)
            x, y, width, height = cv2.boundingRect(ink[rows, columns])
            found = np.array([columns.start + x, rows.start + y, width, height])
            assert np.abs(found - digit.box).max() <= 2, (seed, digit)


def test_digits_are_whole_and_at_least_sixteen_pixels_high(pages: list[Page]) -> None:
    for scene in pages:
        for digit in scene.digits:
            x, y, width, height = digit.box
            assert x >= 0 and y >= 0 and x + width <= 640 and y + height <= 480
            assert height >= 16 and width >= 1


def test_sizes_run_from_small_to_the_whole_frame(pages: list[Page]) -> None:
    heights = [digit.box.height for scene in pages for digit in scene.digits]
    assert min(heights) < 24
    assert max(heights) > 0.7 * 480


def test_the_text_is_that_of_the_digits_row_by_row(pages: list[Page]) -> None:
    for scene in pages:
        said = ["" for _ in scene.text]
        for digit in scene.digits:
            said[digit.row] += str(digit.label)
        assert [text.replace(" ", "") for text in scene.text] == said
        assert all(said)
        assert [digit.row for digit in scene.digits] == sorted(digit.row for digit in scene.digits)
        assert all(digit.confidence == 1 for digit in scene.digits)


def test_rows_run_down_and_digits_to_the_right(split: Split) -> None:
    for seed in range(6):
        scene = draw_page(split, seed, replace(CLEAN, rows=4, columns=8, size=0.06), width=800, height=600)
        assert len(scene.text) == 4
        assert all(a.row < b.row or a.box.x < b.box.x + b.box.width / 2 for a, b in pairwise(scene.digits))
        middles = [np.mean([d.box.y + d.box.height / 2 for d in scene.digits if d.row == row]) for row in range(4)]
        assert middles == sorted(middles)


def test_words_are_apart_where_the_text_has_a_space(split: Split) -> None:
    conditions = replace(CLEAN, rows=3, columns=9, size=0.05, groups=0.4, spread=0.2)
    spaces = 0
    for seed in range(4):
        scene = draw_page(split, seed, conditions)
        for row, text in enumerate(scene.text):
            boxes = [digit.box for digit in scene.digits if digit.row == row]
            height = np.median([box.height for box in boxes])
            before = [index for index, sign in enumerate(text.replace(" ", "")) if index]
            marks = [text[: _position(text, index)].endswith(" ") for index in before]
            gaps = [b.x - a.x - a.width for a, b in pairwise(boxes)]
            spaces += sum(marks)
            assert all(gap > 0.8 * height for gap, space in zip(gaps, marks, strict=True) if space)
            assert all(gap < 0.8 * height for gap, space in zip(gaps, marks, strict=True) if not space)
    assert spaces > 5


def _position(text: str, index: int) -> int:
    """Where the digit with that index stands in the text."""
    return [at for at, sign in enumerate(text) if sign != " "][index]


def test_pages_without_digits_say_so(pages: list[Page]) -> None:
    negatives = [scene for scene in pages if "negative" in scene.tags]
    assert 3 <= len(negatives) <= 20
    for scene in pages:
        assert (scene.digits == ()) == (scene.text == ()) == ("negative" in scene.tags)


def test_pages_with_text_lines_things_or_textures_alone_are_not_empty(split: Split) -> None:
    bare = replace(CLEAN, rows=0, size=0.06)
    for change in ({"text": 8}, {"lines": "grid"}, {"scribbles": 8}, {"things": 20}, {"pebbles": 0.8}):
        scene = draw_page(split, 1, replace(bare, **change))
        assert scene.digits == () and "negative" in scene.tags
        assert scene.image.std() > 1.5 * draw_page(split, 1, bare).image.std()


def test_touching_digits_are_one_piece_of_ink(split: Split) -> None:
    apart = replace(CLEAN, rows=2, columns=5, size=0.1)
    joined = replace(apart, touching=1.0)
    for conditions, tagged in ((apart, False), (joined, True)):
        for seed in range(4):
            scene = draw_page(split, seed, conditions, width=800, height=600)
            assert ("touching" in scene.tags) is tagged
            ink = np.asarray(scene.image.min(axis=2) < MIDDLE + 40, np.uint8)
            sizes = cv2.connectedComponentsWithStats(ink)[2][1:, cv2.CC_STAT_AREA]
            pieces = int((sizes > 0.02 * sizes.sum()).sum())
            assert pieces <= 0.6 * len(scene.digits) if tagged else pieces >= len(scene.digits)


@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"lines": "ruled"}, "ruled"),
        ({"lines": "grid"}, "lines"),
        ({"lines": "table"}, "table"),
        ({"shadow": 0.5}, "shadow_or_vignette"),
        ({"tilt": -6.0}, "tilt"),
        ({"blur": 3.0}, "out_of_focus"),
        ({"size": 0.03}, "small"),
        ({"size": 0.8, "rows": 1, "columns": 1}, "close_crop"),
        ({"rows": 1, "columns": 1}, "single"),
        ({"text": 3, "size": 0.06}, "letters"),
        ({"signs": 1.0}, "distractors"),
        ({"dry": 0.5}, "broken_strokes"),
        ({"opacity": 0.4}, "low_contrast_or_thin"),
        ({"surface": "chalkboard", "ink": (235, 235, 235), "paper": (58, 74, 48)}, "chalk"),
        ({"surface": "screen", "ink": (255, 255, 255), "paper": (0, 0, 0)}, "light_on_dark"),
        ({"surface": "whiteboard"}, "whiteboard"),
        ({"bleed": 0.2}, "bleed_through_or_background_print"),
        ({"desk": True}, "desk"),
        ({"folds": 1}, "fold"),
        ({"noise": 8.0}, "noise"),
    ],
)
def test_tags_name_the_conditions_and_the_picture_shows_them(split: Split, change: dict[str, float], tag: str) -> None:
    plain = draw_page(split, 2, CLEAN, width=640, height=480)
    changed = draw_page(split, 2, replace(CLEAN, **change), width=640, height=480)  # type: ignore[arg-type]
    assert tag in changed.tags
    assert tag not in plain.tags
    assert np.abs(changed.image.astype(int) - plain.image).mean() > 0.05


def test_light_and_lens_leave_what_is_written_where_it_is(split: Split) -> None:
    seen = replace(
        CLEAN, shadow=0.5, cast=0.1, vignette=0.4, folds=2, bleed=0.2, blur=2.0, noise=6.0, jpeg=50, grain=0.3
    )
    for seed in range(3):
        one, other = (draw_page(split, seed, conditions, width=640, height=480) for conditions in (CLEAN, seen))
        assert (one.digits, one.text) == (other.digits, other.text)


def test_light_on_dark_ink_is_lighter_than_its_paper(split: Split) -> None:
    board = replace(CLEAN, surface="chalkboard", ink=(235, 235, 235), paper=(58, 74, 48), size=0.5, pen=0.15)
    for conditions, lighter in ((board, True), (replace(CLEAN, size=0.5, pen=0.15), False)):
        scene = draw_page(split, 0, conditions, width=640, height=480)
        inside = scene.image[around(scene.digits[0].box, 0)].astype(float)
        inked = np.percentile(inside, 98 if lighter else 2)
        assert (inked > np.median(scene.image) + 60) if lighter else (inked < np.median(scene.image) - 60)


def test_a_page_without_conditions_has_those_of_its_seed(split: Split) -> None:
    conditions = random_conditions(np.random.default_rng([9, 1]))
    one, other = draw_page(split, 9, width=320, height=240), draw_page(split, 9, conditions, width=320, height=240)
    assert (one.image == other.image).all()
