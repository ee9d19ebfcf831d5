"""Every letter can be written, and none of those that stand alone could be a digit."""

import numpy as np
import pytest

from mnist_edge.models.pages.letters import (
    ALONE,
    CAPITALS,
    GLYPHS,
    MORE_SIGNS,
    SIGNS,
    SMALL,
    invent_word,
    scribble,
    warp,
    write,
)


def test_every_letter_and_sign_is_written_on_its_line() -> None:
    assert set(GLYPHS) == set(SMALL + CAPITALS + SIGNS + MORE_SIGNS)
    for sign in GLYPHS:
        points = np.concatenate(write(sign))
        assert np.ptp(points, axis=0).max() > 0.05, sign
        assert points.min() >= 0 and points[:, 1].max() <= 11 / 8 and points[:, 0].max() <= 0.7
    for capital in CAPITALS:
        assert np.ptp(np.concatenate(write(capital))[:, 1]) == pytest.approx(1, abs=0.3)


def test_letters_that_stand_alone_are_none_that_look_like_digits() -> None:
    assert set(ALONE) <= set(SMALL + CAPITALS)
    assert not set(ALONE) & set("bgiloqszILOSZ")


def test_words_are_made_of_known_letters_and_differ() -> None:
    rng = np.random.default_rng(0)
    words = [invent_word(rng) for _ in range(50)]
    assert all(letter in GLYPHS for word in words for letter in word)
    assert all(2 <= len(word) <= 8 for word in words)
    assert len(set(words)) > 40


def test_no_letter_is_written_twice_alike() -> None:
    rng = np.random.default_rng(0)
    one, other = (np.concatenate(warp(write("a"), rng)) for _ in range(2))
    assert 0.005 < np.abs(one - other).max() < 0.6
    assert np.abs(np.concatenate(warp(write("a"), rng, 0.0)) - np.concatenate(write("a"))).max() < 1e-9


def test_scribbles_fill_their_box() -> None:
    for seed in range(5):
        (path,) = scribble(np.random.default_rng(seed))
        assert path.min() >= 0 and path.max() == pytest.approx(1, abs=0.1)
