"""Pages with hardly anything on them: what is said to be there is there."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.ink_level import ink_level
from mnist_edge.models.finder.plain import (
    CLOSE,
    conditions_alone,
    conditions_few,
    conditions_framed,
    conditions_superscripts,
    conditions_uneven,
    cut_close,
    draw_conditions,
    draw_image,
    draw_shade,
    draw_sparse,
)
from mnist_edge.models.finder.samples import SIDE, StoredPage, take_sample
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.opencv import cv2


def pixels(page: StoredPage) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR))


def test_a_digit_alone_is_alone(digits: Dataset) -> None:
    counts = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        counts.append(len(draw_conditions(digits.validation, conditions_alone(rng), rng).labels))
    # A second one may touch it.
    assert set(counts) <= {1, 2} and counts.count(1) > 8
    rng = np.random.default_rng(0)
    assert not len(draw_conditions(digits.validation, conditions_alone(rng, rows=0), rng).labels)


def test_few_digits_stand_on_a_clean_page(digits: Dataset) -> None:
    asked = [conditions_few(np.random.default_rng(seed)) for seed in range(12)]
    assert {one.columns for one in asked} == {1, 2, 3} and {one.rows for one in asked} == {1}
    assert not any(one.lines or one.text or one.things or one.desk or one.shadow for one in asked)
    assert {one.surface for one in asked} > {"paper"}
    page = draw_conditions(digits.validation, asked[0], np.random.default_rng(0))
    assert 1 <= len(page.labels) <= asked[0].columns + 1


def test_numbers_in_frames_stand_on_a_clean_page(digits: Dataset) -> None:
    asked = [conditions_framed(np.random.default_rng(seed)) for seed in range(12)]
    assert {one.layout for one in asked} == {"framed"} and not any(one.text or one.things or one.desk for one in asked)
    counts = [len(draw_conditions(digits.validation, one, np.random.default_rng(0)).labels) for one in asked[:6]]
    assert min(counts) >= 1 and max(counts) > 4


def test_superscripts_are_often(digits: Dataset) -> None:
    assert {conditions_superscripts(np.random.default_rng(seed)).superscripts for seed in range(3)} == {0.5}


def test_heights_on_one_line_differ(digits: Dataset) -> None:
    rng = np.random.default_rng(4)
    conditions = replace(conditions_uneven(rng), rows=1, columns=8, size=0.2, tilt=0.0, perspective=0.0, layout="")
    heights = draw_conditions(digits.validation, conditions, rng).boxes[:, 3]
    assert heights.max() > 2 * heights.min()


@pytest.mark.parametrize("seed", range(6))
def test_a_row_that_is_cut_close_is_alone_in_a_small_picture(digits: Dataset, seed: int) -> None:
    rng = np.random.default_rng(seed)
    conditions = replace(Conditions(rows=3, columns=6, size=0.12), tilt=0.0, perspective=0.0)
    page = draw_conditions(digits.validation, conditions, rng)
    close = cut_close(page, rng)
    height, width = pixels(close).shape[:2]
    assert height <= CLOSE[1] and 0 < len(close.labels) < len(page.labels)
    middles = close.boxes[:, :2] + close.boxes[:, 2:] / 2
    assert ((middles > 0) & (middles < (width, height))).all()
    assert np.ptp(middles[:, 1]) < 0.5 * close.boxes[:, 3].max()
    ink = ink_level(pixels(close), close.light_on_dark)
    for x, y, across, down in np.rint(close.boxes).astype(int).tolist():
        assert ink[max(y, 0) : y + down, max(x, 0) : x + across].max() > 60


@pytest.mark.parametrize("seed", range(8))
def test_an_image_has_its_digit_where_it_says(digits: Dataset, seed: int) -> None:
    page = draw_image(digits.validation, np.random.default_rng(seed))
    picture = pixels(page)
    grey = picture[..., 0] if page.light_on_dark else 255 - picture[..., 0]
    (box,), (label,) = page.boxes, page.labels
    x, y, width, height = (round(value) for value in box.tolist())
    assert 0 <= label <= 9 and x + width <= picture.shape[1] and y + height <= picture.shape[0]
    inside = grey[y : y + height, x : x + width].astype(int).sum()
    # Some of its soft rim lies outside.
    assert inside > 0.97 * grey.astype(int).sum() > 0


def test_shade_has_no_ink() -> None:
    for seed in range(4):
        page = draw_shade(np.random.default_rng(seed))
        assert not len(page.boxes) and ink_level(pixels(page)).max() < 60


def test_samples_can_be_taken_of_every_kind(digits: Dataset) -> None:
    """Also of the narrowest image, of which a reduction would leave nothing."""
    sizes = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        page = draw_sparse(digits.validation, rng)
        sizes.add(pixels(page).shape[:2])
        for _ in range(4):
            level, _ = take_sample(page, rng)
            assert level.shape == (SIDE, SIDE, 1)
    assert max(map(max, sizes)) > 300 and min(map(min, sizes)) < 28
