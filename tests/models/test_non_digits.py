import hashlib

import numpy as np
import pytest

from mnist_edge.dataset import Split
from mnist_edge.models.non_digits import KINDS, non_digits


@pytest.fixture(scope="module")
def split() -> Split:
    """Twelve digits of which only the joined ones and the pieces are made: rings and bars."""
    images = np.zeros((12, 28, 28, 1), np.uint8)
    images[:, 4:24, 8:20] = 255
    images[::2, 8:20, 12:16] = 0
    return Split(images, np.arange(12, dtype=np.uint8) % 10)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_can_be_asked_for(split: Split, kind: str) -> None:
    pictures = non_digits(split, seed=1, count=12, kind=kind)
    assert pictures.shape == (12, 28, 28)
    assert pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2)) > 0).all()
    assert np.array_equal(pictures, non_digits(split, seed=1, count=12, kind=kind))
    assert not np.array_equal(pictures, non_digits(split, seed=2, count=12, kind=kind))


def test_kinds_differ_and_an_unknown_one_is_an_error(split: Split) -> None:
    found = {hashlib.sha256(non_digits(split, 1, 5, kind).tobytes()).digest() for kind in KINDS}
    assert len(found) == len(KINDS) == 7
    with pytest.raises(ValueError, match=r"no kind 'faces'.*letters, scribbles"):
        non_digits(split, 1, 5, "faces")


def test_all_kinds_take_turns_and_letters_come_twice(split: Split) -> None:
    # The first two are letters, drawn by the same generator that draws letters alone.
    assert np.array_equal(non_digits(split, 1, 2), non_digits(split, 1, 2, "letters"))
    assert not np.array_equal(non_digits(split, 1, 3)[2], non_digits(split, 1, 3, "letters")[2])
