"""Joined words are a few long strokes of letters that meet; ideographs are many strokes in a square."""

import numpy as np
import pytest

from mnist_edge.models.pages.cursive import Cursive, choose_cursive
from mnist_edge.models.pages.ideographs import choose_brush
from mnist_edge.models.pages.letters import write

NEAT = Cursive(lean=0.0, stretch=1.0, reach=0.1, careless=0.0, slack=0.5, lifts=0.0, loops=0.0, fading=0.0)


@pytest.mark.parametrize("word", ["sum", "hello", "many"])
def test_a_word_without_dots_and_bars_is_one_stroke(word: str) -> None:
    (path,) = NEAT.word(word, np.random.default_rng(0))
    apart = sum(float(np.ptp(np.concatenate(write(letter))[:, 0])) for letter in word)
    assert np.ptp(path[:, 0]) > apart
    assert np.hypot(*np.diff(path, axis=0).T).max() < 0.1


def test_dots_bars_and_capitals_stand_alone() -> None:
    for word, strokes in (("i", 2), ("tin", 3), ("Men", 1 + len(write("M")))):
        assert len(NEAT.word(word, np.random.default_rng(0))) == strokes


def test_a_hand_that_lifts_its_pen_writes_more_strokes() -> None:
    lifting = Cursive(lean=0.0, stretch=1.0, reach=0.1, careless=0.0, slack=0.5, lifts=1.0, loops=0.0, fading=0.0)
    assert len(lifting.word("house", np.random.default_rng(0))) == 5


@pytest.mark.parametrize("seed", range(6))
def test_words_of_any_hand_go_to_the_right_near_their_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hand = choose_cursive(rng)
    for word in ("a", "lily", "pages?", "Town", "--"):
        strokes = hand.word(word, rng)
        points = np.concatenate(strokes)
        assert np.isfinite(points).all()
        assert points[:, 1].min() > -0.4 and points[:, 1].max() < 1.8
        assert np.ptp(points[:, 0]) < 1.6 * len(word) + 1


def test_unknown_signs_leave_a_gap() -> None:
    assert NEAT.word("é", np.random.default_rng(0)) == []


@pytest.mark.parametrize("seed", range(6))
def test_ideographs_have_more_strokes_than_a_digit_and_stay_on_their_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    brush = choose_brush(rng)
    strokes = brush.word("abcdefgh", rng)
    points = np.concatenate(strokes)
    assert sum(map(len, strokes)) > 4 * 30 and len(strokes) >= 4
    assert points[:, 1].min() > -0.5 and points[:, 1].max() < 1.5
    assert 0.8 * 4 * brush.narrow < np.ptp(points[:, 0]) < 4 * (brush.narrow + brush.gap) + 0.6
