"""Recognise by their values what a network's outputs are, and convert them to probabilities."""

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of one probability. The sum of n, each rounded to 1/256 as in int8 graphs, may be off by n/512; a byte's highest value
# lacks another 1/256 to 1: of ten it is 0.03 at most with some room.
_ROUNDING, _OF_EACH = 0.01, 1 / 500
# A one-byte log-softmax has steps of 1/16, by which each probability, and so their sum, may be 3 % off beside that.
_OF_LOGARITHMS = 0.03
# Scores are clipped by this much from 0 and 1, so that their odds stay finite.
_SURE = 1e-6


class OutputKind(Enum):
    """What the outputs are."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    LOG_PROBABILITIES = "log-probabilities"
    SCORES = "independent scores from 0 to 1"


def probe_images() -> NDArray[np.uint8]:
    """Draw the images that every network is probed with: blank, full, a one, a zero, half, and noise.

    A softmax sums to 1 on each of them, and nothing else does: ten sigmoids may on a clear digit, but not on a blank
    page as well.

    Returns:
        Shape (6, 28, 28, 1), the same on every machine.
    """
    row, column = np.mgrid[:28, :28]
    radius = np.hypot(row - 13.5, (column - 13.5) * 1.4)
    one, zero = (abs(column - 13.5) < 2) & (abs(row - 13.5) < 10), abs(radius - 8.5) < 1.5
    noise = np.arange(784).reshape(28, 28) ** 3 * 40_503 % 256
    drawn = (0 * row, 0 * row + 255, one * 255, zero * 255, (row < 14) * 255, noise)
    return np.stack(drawn).astype(np.uint8)[..., None]


def recognise(outputs: NDArray[Any]) -> OutputKind:
    """Recognise the kind of outputs, shape (n, classes) in real units, for `probe_images`.

    Outputs that are not finite count as probabilities: whoever measures accuracy reports those.
    """
    if not np.isfinite(outputs).all():
        return OutputKind.PROBABILITIES
    rounding = _rounding(outputs)
    within = outputs.min() >= -rounding and outputs.max() <= 1 + rounding
    if within:
        return OutputKind.PROBABILITIES if _sums_to_one(outputs) else OutputKind.SCORES
    if outputs.max() <= rounding and _sums_to_one(np.exp(outputs), _OF_LOGARITHMS):
        return OutputKind.LOG_PROBABILITIES
    return OutputKind.LOGITS


def to_probabilities(outputs: NDArray[np.float32], meaning: OutputKind) -> NDArray[np.float32]:
    """Convert outputs, shape (n, classes), to probabilities: by a softmax, for scores of their log odds."""
    if meaning is OutputKind.PROBABILITIES:
        return outputs
    if meaning is OutputKind.SCORES:
        scores = np.clip(outputs, _SURE, 1 - _SURE)
        outputs = np.log(scores / (1 - scores))
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _sums_to_one(rows: NDArray[Any], more: float = 0.0) -> bool:
    return bool((np.abs(rows.sum(axis=1, dtype=np.float64) - 1) <= _rounding(rows) + more).all())


def _rounding(rows: NDArray[Any]) -> float:
    return _ROUNDING + int(rows.shape[1]) * _OF_EACH
