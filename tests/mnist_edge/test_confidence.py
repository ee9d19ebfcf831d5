"""The confidence of two networks together is fitted, calibrated, and takes the label that both support."""

from itertools import pairwise

import numpy as np
import pytest

from mnist_edge.confidence import SHARES, Confidence, fit


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Detections of which a finder and a classifier know something, each with errors of its own."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(-1, 10, count)
    there = truth >= 0
    scores = 1 / (1 + np.exp(-rng.normal(np.where(there, 2.0, -2.0), 1.5)))
    opinions = []
    for strength in (2.0, 4.0):
        logits = rng.normal(0, 1, (count, 10))
        logits[np.flatnonzero(there), truth[there]] += strength
        opinions.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    return scores.astype(np.float32), *(one.astype(np.float32) for one in opinions), truth


def test_both_together_are_better_and_calibrated() -> None:
    *seen, truth = drawn(20_000)
    confidence = fit(seen[0], seen[1], seen[2], truth)
    assert confidence.share in SHARES and confidence.share > 0
    *fresh, truth = drawn(20_000, seed=1)
    mixed, sure = confidence.combine(*fresh)
    assert mixed.sum(axis=1) == pytest.approx(np.ones(len(mixed)), abs=1e-4)
    there = truth >= 0
    right = mixed.argmax(axis=1) == truth
    assert right[there].mean() > max((one.argmax(axis=1) == truth)[there].mean() for one in fresh[1:])
    edges = np.linspace(0, 1, 11)
    for low, high in pairwise(edges.tolist()):
        inside = (sure >= low) & (sure < high)
        if inside.sum() > 400:
            assert right[inside].mean() == pytest.approx(sure[inside].mean(), abs=0.05)


def test_certainty_overflows_nothing() -> None:
    one = np.eye(10, dtype=np.float32)[:1]
    mixed, sure = Confidence(0.5, (9.0, 9.0, 9.0, 9.0, 9.0)).combine(np.ones(1, np.float32), one, one)
    assert np.isfinite(mixed).all() and sure == pytest.approx([1.0])


def test_detections_that_are_all_right_can_be_fitted() -> None:
    scores, _, probabilities, truth = drawn(50)
    kept = truth >= 0
    confidence = fit(scores[kept], np.eye(10, dtype=np.float32)[truth[kept]], probabilities[kept], truth[kept])
    assert np.isfinite(confidence.weights).all()
