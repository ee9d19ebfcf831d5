"""A few real digits, and the names of their parts, for data in every form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import Dataset, Split

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="session")
def few(digits: Dataset) -> Few:
    """Eight images of each digit, shape (80, 28, 28), and their labels, in a mixed order."""
    order = np.concatenate([np.flatnonzero(digits.test.labels == digit)[:8] for digit in range(10)])
    order = np.random.default_rng(0).permutation(order)
    return digits.test.images[order, ..., 0], digits.test.labels[order]


@pytest.fixture(scope="session")
def same() -> Callable[..., bool]:
    """`same(few, *splits)`: whether the splits have these images with these labels, in any order."""

    def check(few: Few, *splits: Split) -> bool:
        found = [(i.tobytes(), int(k)) for one in splits for i, k in zip(one.images, one.labels, strict=True)]
        return sorted(found) == sorted((i.tobytes(), int(k)) for i, k in zip(*few, strict=True))

    return check


@pytest.fixture
def error(invoke: Callable[..., tuple[int, str, str]]) -> Callable[[Path], str]:
    """`error(path)`: the one line with which `mnist-edge data` refuses it."""

    def refused(path: Path) -> str:
        code, out, err = invoke("data", "--data", path)
        assert (code, out, err.count("\n")) == (1, "", 1), err
        assert err.startswith("error: ")
        return err

    return refused
