"""Clutter is ink that no digit is: it leaves digits alone, except where it frames them."""

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.clutter import SHAPES, add_clutter
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.pages import draw_page

AREA = Area(0, 0, 600, 400)


def digit(x: float, row: int = 0) -> Mark:
    return Mark([np.array([(x, 180.0), (x + 20, 220.0)])], label=7, row=row)


@pytest.mark.parametrize("index", range(len(SHAPES)))
def test_every_shape_can_be_drawn_at_about_its_size(index: int) -> None:
    drawn = [np.concatenate(SHAPES[index](np.random.default_rng(seed))) for seed in range(20)]
    sizes = [float(np.ptp(points, axis=0).max()) for points in drawn]
    assert min(sizes) > 0.2 and max(sizes) < 16
    assert all(np.isfinite(points).all() for points in drawn)
    assert len({points.tobytes() for points in drawn}) > 1


def test_clutter_has_no_label_and_keeps_apart_from_digits_unless_it_frames_them() -> None:
    digits = [digit(100), digit(160), digit(220)]
    framing, apart = 0, 0
    for seed in range(60):
        for mark in add_clutter(digits, 6, AREA, 40, (), np.random.default_rng(seed)):
            assert mark.label is None
            points = np.concatenate(mark.strokes)
            near = (np.abs(points[:, 1] - 200) < 80) & (points[:, 0] > 40) & (points[:, 0] < 300)
            framing, apart = framing + bool(near.any()), apart + (not near.any())
    assert framing > 60 and apart > 30


def test_without_digits_all_of_it_stands_apart() -> None:
    marks = add_clutter([], 12, AREA, 40, (), np.random.default_rng(1))
    assert 3 <= len(marks) <= 12


def test_crowded_pages_show_more_ink_that_is_no_digit_and_the_same_truth(digits: Dataset) -> None:
    crowded = [crowded_conditions(np.random.default_rng(seed), ["a", "b"], ["c"]) for seed in range(300)]
    assert 0.3 < np.mean([conditions.clutter > 0 for conditions in crowded]) < 0.7
    assert {conditions.digits for conditions in crowded} == {"", "a", "b"}
    assert {conditions.words for conditions in crowded} == {"", "a", "b", "c"}
    assert np.mean([conditions.text > 0 or conditions.layout != "" for conditions in crowded]) > 0.5
    with_digits = next(conditions for conditions in crowded if conditions.rows and conditions.clutter > 5)
    page = draw_page(digits.validation, 4, with_digits, width=640, height=480)
    assert page.digits and "negative" not in page.tags


def test_without_typefaces_none_is_named() -> None:
    crowded = [crowded_conditions(np.random.default_rng(seed)) for seed in range(50)]
    assert {conditions.digits + conditions.words for conditions in crowded} == {""}
