"""Pendigits beside MNIST in a training, and a training without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.formats.unipen import PenDigit
from mnist_edge.models import pen_digits as module
from mnist_edge.models import run_settings
from mnist_edge.models.pen_digits import pen_digits, together
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.run_settings import RunSettings, read_settings

SEVEN = PenDigit(7, (np.array([[0, 0], [80, 0], [20, 200]], float),))
ONE = PenDigit(1, (np.array([[0, 0], [0, 200]], float),))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two digits as what Pendigits holds."""
    for one in (module, run_settings):
        monkeypatch.setattr(one, "find_pen_digits", lambda: Path("pendigits-orig.tra"))
    monkeypatch.setattr(module, "read_pen_digits", lambda path: [SEVEN, ONE])


@pytest.mark.usefixtures("here")
def test_each_digit_is_drawn_with_several_pens_the_same_for_the_same_seed() -> None:
    drawn, again, other = pen_digits(40, 0), pen_digits(40, 0), pen_digits(40, 1)
    assert drawn and again and other
    assert drawn.labels.tolist() == [7, 1] * 40 and drawn.images.shape == (80, 28, 28, 1)
    assert np.array_equal(drawn.images, again.images) and not np.array_equal(drawn.images, other.images)
    ink = drawn.images[1::2].sum(axis=(1, 2, 3)) / 255
    # A bar of 20 pixels' height, from thin to thick.
    assert ink.min() < 30 and ink.max() > 60 and len(np.unique(ink)) > 30


def test_without_the_paths_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_pen_digits", lambda: None)
    assert pen_digits(2, 0) is None


@pytest.mark.usefixtures("here")
def test_the_training_split_holds_both(digits: Dataset) -> None:
    drawn = pen_digits(3, 0)
    assert drawn
    both = together(digits.training, drawn)
    assert len(both) == len(digits.training) + 6
    assert np.array_equal(both.labels[-6:], [7, 1, 7, 1, 7, 1])
    assert np.array_equal(both.images[: len(digits.training)], digits.training.images)


@pytest.mark.usefixtures("here")
def test_only_recipes_that_ask_for_it_have_it_and_only_beside_mnist(digits: Dataset, tmp_path: Path) -> None:
    mnist, mine = replace(digits, name="MNIST"), replace(digits, name="mine")
    settings = RunSettings.of(find_recipe("nano"), mnist, 0)
    assert settings.pen_digits
    assert not RunSettings.of(find_recipe("mlp"), mnist, 0).pen_digits
    assert not RunSettings.of(find_recipe("nano"), mine, 0).pen_digits
    assert not RunSettings.of(find_recipe("nano"), mnist, 0, tmp_path).pen_digits
    settings.write(tmp_path)
    assert read_settings(tmp_path) == settings


@pytest.mark.usefixtures("here")
def test_a_training_with_it_is_not_resumed_without(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    mnist = replace(digits, name="MNIST")
    before = RunSettings.of(find_recipe("nano"), mnist, 0)
    monkeypatch.setattr(run_settings, "find_pen_digits", lambda: None)
    after = RunSettings.of(find_recipe("nano"), mnist, 0)
    assert before != after
    assert before.differences(after) == ["Pendigits not here"]
    assert after.differences(before) == ["Pendigits among the images"]
