"""The confidence of two networks together is fitted, calibrated, and takes label and neighbours into account."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.confidence import SHARES, Confidence, Opinions, fit

A_PAGE = 20
Page = tuple[Opinions, NDArray[np.int64]]


def drawn(count: int, seed: int = 0) -> list[Page]:
    """Pages of which a finder and a classifier know something, each with errors of its own.

    Every other page is one of words: a digit among what is found there is rare.
    """
    rng = np.random.default_rng(seed)
    pages = []
    for page in range(count):
        truth = np.where(rng.random(A_PAGE) < (0.02, 0.9)[page % 2], rng.integers(0, 10, A_PAGE), -1)
        there = truth >= 0
        scores = 1 / (1 + np.exp(-rng.normal(np.where(there, 1.0, -1.0), 1.5)))
        opinions = []
        for strength in (2.0, 4.0):
            logits = rng.normal(0, 1, (A_PAGE, 10))
            logits[np.flatnonzero(there), truth[there]] += strength
            opinions.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
        boxes = np.array([(25 * (k % 5), 30 * (k // 5), 20, 24) for k in range(A_PAGE)])
        every = (one.astype(np.float32) for one in (scores, *opinions, boxes))
        pages.append((Opinions(*every), truth.astype(np.int64)))
    return pages


def fitted(pages: list[Page]) -> Confidence:
    return fit([page for page, _ in pages], [truth for _, truth in pages])


def combined(confidence: Confidence, pages: list[Page]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How sure it is of each detection, and whether it is right."""
    found = [confidence.combine(page) for page, _ in pages]
    right = [mixed.argmax(axis=1) == truth for (mixed, _), (_, truth) in zip(found, pages, strict=True)]
    return np.concatenate([sure for _, sure in found]), np.concatenate(right)


def log_loss(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    return float(-np.log(np.maximum(np.where(right, sure, 1 - sure), 1e-6)).mean())


@pytest.fixture(scope="module")
def fresh() -> list[Page]:
    return drawn(1_000, seed=1)


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    return fitted(drawn(1_000))


def test_both_together_are_better_than_either(confidence: Confidence, fresh: list[Page]) -> None:
    assert confidence.share in SHARES and confidence.share > 0
    names = np.zeros(3)
    for page, truth in fresh:
        mixed, _ = confidence.combine(page)
        assert mixed.sum(axis=1) == pytest.approx(np.ones(len(mixed)), abs=1e-4)
        every = mixed, page.labels, page.probabilities
        names += [int((one.argmax(axis=1) == truth)[truth >= 0].sum()) for one in every]
    assert names[0] > names[1:].max()


def test_it_is_calibrated(confidence: Confidence, fresh: list[Page]) -> None:
    sure, right = combined(confidence, fresh)
    for low, high in pairwise(np.linspace(0, 1, 11).tolist()):
        inside = (sure >= low) & (sure < high)
        if inside.sum() > 400:
            assert right[inside].mean() == pytest.approx(sure[inside].mean(), abs=0.05)


def test_what_stands_among_doubtful_ones_is_doubted(confidence: Confidence, fresh: list[Page]) -> None:
    without = replace(confidence, context=(0.0, 1.0, 0.0, 0.0))
    assert log_loss(*combined(confidence, fresh)) < 0.8 * log_loss(*combined(without, fresh))
    page, _ = fresh[1]
    # One that is neither sure nor hopeless.
    index = int(np.abs(confidence.combine(page)[1] - 0.6).argmin())
    doubtful = replace(
        page, scores=np.full(A_PAGE, 0.01, np.float32), probabilities=np.full((A_PAGE, 10), 0.1, np.float32)
    )
    doubtful.scores[index], doubtful.probabilities[index] = page.scores[index], page.probabilities[index]
    far = replace(doubtful, boxes=page.boxes * np.array([100, 100, 1, 1], np.float32))
    among_digits, among_words, alone = (float(confidence.combine(one)[1][index]) for one in (page, doubtful, far))
    assert among_words < min(among_digits, alone) - 0.05


def test_certainty_overflows_nothing_and_a_page_may_have_one_or_none() -> None:
    one, box = np.eye(10, dtype=np.float32)[:1], np.array([[1, 2, 3, 4]], np.float32)
    sure = Confidence(0.5, (9.0,) * 5, (9.0,) * 4)
    mixed, certainty = sure.combine(Opinions(np.ones(1, np.float32), one, one, box))
    assert np.isfinite(mixed).all() and certainty == pytest.approx([1.0])
    none = Opinions(np.ones(0, np.float32), one[:0], one[:0], box[:0])
    assert [len(part) for part in sure.combine(none)] == [0, 0]


def test_detections_that_are_all_right_can_be_fitted() -> None:
    pages = []
    for page, truth in drawn(20):
        kept = truth >= 0
        labels = np.eye(10, dtype=np.float32)[truth[kept]]
        pages.append((Opinions(page.scores[kept], labels, page.probabilities[kept], page.boxes[kept]), truth[kept]))
    found = fitted(pages)
    assert np.isfinite([*found.weights, *found.context]).all()
