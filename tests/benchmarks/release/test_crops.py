"""What is kept of a page that was read: digits with what they are, and of other things some."""

import numpy as np
import pytest

from mnist_edge.benchmarks.release import crops
from mnist_edge.benchmarks.release.crops import MOST_OTHERS, collect, cut_out
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset
from mnist_edge.models.finder.plain import draw_conditions
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.models.found_crops import NONE
from mnist_edge.models.pages.conditions import Conditions

PAGE = Conditions(rows=2, columns=5, size=0.15)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_digits_are_kept_with_what_they_are(digits: Dataset, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    page = draw_conditions(digits.test, PAGE, np.random.default_rng(0))
    monkeypatch.setattr(crops, "ONE_IN", 1)
    images, labels = cut_out(reader, page, np.random.default_rng(0))
    known = np.bincount(labels[labels != NONE], minlength=10)
    assert (known >= np.bincount(page.labels, minlength=10)).all()
    assert images.shape == (len(labels), 28, 28) and images.dtype == np.uint8 and images.max() == 255
    right = reader.classifier.probabilities(images[labels != NONE]).argmax(axis=1) == labels[labels != NONE]
    assert right.mean() > 0.8
    monkeypatch.setattr(crops, "ONE_IN", 10**9)
    _, doubtful = cut_out(reader, page, np.random.default_rng(0))
    # What the classifier is sure of is hardly kept then.
    assert np.count_nonzero(doubtful != NONE) < np.count_nonzero(labels != NONE) / 2


def test_without_its_truth_a_page_has_other_things_alone(
    digits: Dataset, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = draw_conditions(digits.test, Conditions(rows=4, columns=8, size=0.1), np.random.default_rng(1))
    unknown = StoredPage(page.picture, page.boxes[:0], page.labels[:0], page.light_on_dark)
    _, labels = cut_out(reader, unknown, np.random.default_rng(0))
    # They look like digits.
    assert len(labels) < MOST_OTHERS / 2
    monkeypatch.setattr(crops, "LIKE_A_DIGIT", 1.0)
    images, labels = cut_out(reader, unknown, np.random.default_rng(0))
    assert labels.tolist() == [NONE] * MOST_OTHERS and len(images) == MOST_OTHERS


def test_a_half_is_the_same_again(digits: Dataset, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "_drawing", {"training": digits.training, "faces": [], "reader": reader})
    first, again, other = collect(0, 3), collect(0, 3), collect(1, 3)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
