"""Generated pages are what they say they are: their truth can be measured against."""

from itertools import pairwise

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, Split
from mnist_edge.models.pages.scenes import Scene, draw_scene
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box


@pytest.fixture
def split(digits: Dataset) -> Split:
    return digits.validation


def ink(scene: Scene) -> Box:
    """Around all ink of a page in even enough light."""
    grey = scene.image.min(axis=2).astype(float)
    paper = cv2.GaussianBlur(cv2.dilate(scene.image.min(axis=2), np.ones((61, 61), np.uint8)), (0, 0), 20)
    return Box(*cv2.boundingRect(np.asarray(grey < 0.62 * paper, np.uint8)))


def test_the_same_seed_gives_the_same_page(split: Split) -> None:
    one, same, other = (draw_scene(split, seed) for seed in (3, 3, 4))
    assert (one.image == same.image).all()
    assert (one.digits, one.text) == (same.digits, same.text)
    assert (one.image != other.image).any()
    assert one.digits != other.digits


@pytest.mark.parametrize(("rows", "columns", "width", "height"), [(2, 5, 640, 480), (1, 1, 320, 240), (4, 9, 800, 600)])
def test_the_text_is_that_of_the_digits_in_reading_order(
    split: Split, rows: int, columns: int, width: int, height: int
) -> None:
    scene = draw_scene(split, 5, rows=rows, columns=columns, width=width, height=height)
    assert scene.image.shape == (height, width, 3)
    assert scene.image.dtype == np.uint8
    written = ["".join(str(digit.label) for digit in scene.digits if digit.row == row) for row in range(rows)]
    assert scene.text == tuple(written)
    assert [len(text) for text in written] == [columns] * rows
    assert all(a.row < b.row or a.box.x < b.box.x for a, b in pairwise(scene.digits))
    assert all(digit.confidence == 1 for digit in scene.digits)


def test_digits_stand_inside_the_frame(split: Split) -> None:
    for seed in range(5):
        for digit in draw_scene(split, seed, rows=3, columns=8).digits:
            assert digit.box.x >= 0 and digit.box.y >= 0
            assert digit.box.x + digit.box.width <= 640 and digit.box.y + digit.box.height <= 480
            assert digit.box.height > 15


def test_boxes_are_tight_around_the_ink(split: Split) -> None:
    off = []
    for seed in range(12):
        scene = draw_scene(split, seed, rows=1, columns=1, width=320, height=240)
        found, true = ink(scene), scene.digits[0].box
        sides = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in (found, true)]
        off.append(max(abs(a - b) for a, b in zip(*sides, strict=True)))
    # Blur and grain may blunt a thin end now and then.
    assert np.median(off) <= 2
    assert max(off) <= 6


def test_ruled_pages_have_lines_and_the_same_digits(split: Split) -> None:
    plain, ruled = (draw_scene(split, 2, ruled=ruled) for ruled in (False, True))
    assert (plain.digits, plain.text) == (ruled.digits, ruled.text)
    for row in (0, 1):
        foot = max(digit.box.y + digit.box.height for digit in plain.digits if digit.row == row)
        band = slice(foot - 12, foot + 12), slice(0, 40)
        darkest = [page.image[band].min(axis=2).mean(axis=1).min() for page in (plain, ruled)]
        assert darkest[1] < 0.85 * darkest[0]


def test_the_light_is_uneven(split: Split) -> None:
    image = draw_scene(split, 1).image
    corners = [float(np.median(image[y : y + 40, x : x + 40])) for y in (0, 440) for x in (0, 600)]
    assert max(corners) - min(corners) > 15
