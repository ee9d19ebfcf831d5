"""Prose in small letters fills a page with words of a size, and numbers stand in it with their truth known."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.cursive import Cursive
from mnist_edge.models.pages.ideographs import Brush
from mnist_edge.models.pages.marks import Area
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.pages.prose import X_HEIGHTS, choose_prose, draw_manuscript

PAGE = Area(20.0, 20.0, 620.0, 460.0)


@pytest.mark.parametrize("seed", range(4))
def test_prose_is_many_lines_of_long_words_within_its_area(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prose = choose_prose(None, rng)
    assert X_HEIGHTS[0] <= prose.height * 0.55 <= X_HEIGHTS[1]
    marks = prose.lines(PAGE, PAGE.top, 3)
    assert sum(mark.right - mark.left for mark in marks) > 0.5 * (PAGE.right - PAGE.left)
    assert all(mark.label is None for mark in marks)
    assert min(mark.left for mark in marks) >= PAGE.left and max(mark.right for mark in marks) <= PAGE.right


def test_a_manuscript_reaches_the_foot_of_its_page() -> None:
    marks, lines = draw_manuscript(Conditions(), PAGE, 40.0, np.random.default_rng(1), {})
    assert not lines and sum(mark.right - mark.left for mark in marks) > 2 * (PAGE.right - PAGE.left)
    assert max(stroke[:, 1].max() for mark in marks for stroke in mark.strokes) > 380


def test_some_hands_join_their_letters_some_draw_ideographs_and_some_set_letters() -> None:
    hands = [type(choose_prose(None, np.random.default_rng(seed)).hand) for seed in range(60)]
    assert set(hands) == {Cursive, Brush, type(None)}
    joined = next(seed for seed in range(60) if hands[seed] is Cursive)
    prose = choose_prose(None, np.random.default_rng(joined))
    assert all(mark.thickest == prose.pen and not mark.filled for mark in prose.words(0, 600, 0))


def test_a_passage_has_a_few_numbers_among_much_ink_that_is_none(digits: Dataset) -> None:
    for seed in range(4):
        page = Conditions(layout="passage", rows=3, size=0.06, blur=0.0)
        scene = draw_page(digits.validation, seed, page, width=640, height=480)
        plain = draw_page(digits.validation, seed, replace(page, layout=""), width=640, height=480)
        assert 1 <= len(scene.digits) <= 12 and len(scene.text) <= 3
        assert scene.image.std() > 1.2 * plain.image.std()


def test_small_letters_are_not_so_bold_that_they_close() -> None:
    many = [crowded_conditions(np.random.default_rng(seed), ["a"], ["b"]) for seed in range(800)]
    small = [one for one in many if one.layout in ("passage", "manuscript")]
    assert len(small) > 60 and all(one.bold <= 0.7 for one in small)
    assert any(one.bold > 0.7 for one in many)
