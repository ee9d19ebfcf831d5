"""What a network's ten outputs mean, recognised by their numbers, and the probabilities that they stand for."""

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Ten probabilities that were each rounded to 1/256, as int8 graphs do even where they give floating point, and what a
# byte cannot say of a probability of 1: 10/512 + 1/256, and a little.
_ROUNDING = 0.03
# Never surer than this of a single score, so that its odds stay finite.
_SURE = 1e-6


class OutputKind(Enum):
    """What ten outputs are; all but the first are made probabilities by `to_probabilities`."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"
    LOG_PROBABILITIES = "log-probabilities"
    SCORES = "independent scores from 0 to 1"


def probe_images() -> NDArray[np.uint8]:
    """The images that every network is asked about: blank, full, a one, a zero, half, and noise.

    No softmax fails to sum to 1 on any image, and nothing else does so on all of these: ten sigmoids may on a clear
    digit, but not on a blank page as well.

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
    """Tell what outputs mean.

    Args:
        outputs: Shape (n, 10), real units, for `probe_images`.

    Returns:
        Probabilities, too, where a value is not finite: whoever looks at accuracy reports those.
    """
    if not np.isfinite(outputs).all():
        return OutputKind.PROBABILITIES
    within = outputs.min() >= -_ROUNDING and outputs.max() <= 1 + _ROUNDING
    if within:
        return OutputKind.PROBABILITIES if _sums_to_one(outputs) else OutputKind.SCORES
    if outputs.max() <= _ROUNDING and _sums_to_one(np.exp(outputs)):
        return OutputKind.LOG_PROBABILITIES
    return OutputKind.LOGITS


def to_probabilities(outputs: NDArray[np.float32], meaning: OutputKind) -> NDArray[np.float32]:
    """The probabilities behind outputs: their softmax; of independent scores, that of their log odds.

    Args:
        outputs: Shape (n, 10), real units.
        meaning: As `recognise` gives it.

    Returns:
        Shape (n, 10); each row sums to 1, except that probabilities stay as they are.
    """
    if meaning is OutputKind.PROBABILITIES:
        return outputs
    if meaning is OutputKind.SCORES:
        scores = np.clip(outputs, _SURE, 1 - _SURE)
        outputs = np.log(scores / (1 - scores))
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _sums_to_one(rows: NDArray[Any]) -> bool:
    return bool((np.abs(rows.sum(axis=1, dtype=np.float64) - 1) <= _ROUNDING).all())
