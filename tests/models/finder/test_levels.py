"""Levels for an export are drawn the same for the same seed, and those for validation from other digits."""

from pathlib import Path

import numpy as np

from mnist_edge.dataset import Dataset
from mnist_edge.models.finder.levels import plain_pages, sample_levels
from mnist_edge.models.finder.samples import SIDE


def test_levels_depend_on_the_seed_alone(digits: Dataset, tmp_path: Path) -> None:
    training, validation = sample_levels(digits, 10, 3, 0, tmp_path)
    assert training.shape == (10, SIDE, SIDE) and validation.shape == (3, SIDE, SIDE)
    assert training.dtype == np.uint8 and training.max() > 128
    assert len({level.tobytes() for level in training}) > 5
    again, fewer = sample_levels(digits, 8, 2, 0, tmp_path)
    np.testing.assert_array_equal(again, training[:8])
    np.testing.assert_array_equal(fewer, validation[:2])
    assert not np.array_equal(sample_levels(digits, 8, 1, 1, tmp_path)[0], again)


def test_plain_pages_are_of_five_kinds_and_some_have_nothing_on_them(digits: Dataset) -> None:
    pages = plain_pages(digits, 24, seed=0)
    assert [len(page.labels) for page in pages[3::4]] == [1] * 6
    assert [len(page.labels) > 0 for page in pages[1::4]] == [False, True, True, True, True, False]
    assert {len(page.labels) for page in pages[2::8]} <= {1, 2, 3}
