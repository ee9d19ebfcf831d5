"""Calibrate confidence by temperature scaling, and measure how far confidence is from accuracy."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 15
# The range of a temperature; beyond it float32 overflows.
LOWEST, HIGHEST = 0.05, 20.0
# The range of the search: a temperature outside shows a wrong network, not a badly calibrated one.
_SEARCHED = (0.25, 4.0)
# Width of the prior on log T: negligible for 5,000 images, for 150 correct ones it keeps T off its limit.
_PRIOR = 0.5
# Smallest probability that the likelihood counts, so that one wrong answer with probability 0 costs no infinity.
_SMALLEST = 1e-7
# The search narrows a grid of temperatures around the best one: after three rounds to four decimals.
_GRID_POINTS, _ROUNDS = 41, 3


def apply_temperature(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float32]:
    """Scale probabilities as if the softmax's logits had been divided by the temperature.

    The logits are not needed: `softmax(z / T)` is `softmax(z) ** (1 / T)`, scaled to a sum of 1.

    Args:
        probabilities: Shape (n, 10), 0 to 1; an exact 0, as int8 has, stays 0.
        temperature: Above 1 lowers confidence, below 1 raises it.

    Returns:
        Shape (n, 10), each row's sum 1; where the temperature is 1, the probabilities unchanged.
    """
    if temperature == 1:
        return np.asarray(probabilities, np.float32)
    powers = np.power(probabilities, 1 / temperature, dtype=np.float64)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def fit_temperature(probabilities: NDArray[Any], labels: NDArray[np.uint8]) -> float:
    """Fit the temperature by negative log-likelihood (Guo et al., "On Calibration of Modern Neural Networks").

    Args:
        probabilities: Shape (n, 10), of images that the network was not trained on.
        labels: Their digits, shape (n,).

    Returns:
        0.25 to 4, to four decimals; near 1 where the images are too few to decide.
    """
    logs = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny), dtype=np.float64)
    # A quantised output of 0 may stand for anything below half a quantum.
    smallest = max(_SMALLEST, float(probabilities[probabilities > 0].min()) / 2)
    right = np.maximum(logs[np.arange(len(labels)), labels], np.log(smallest))
    logs = np.where(probabilities > 0, logs, -np.inf)

    def cost(log_temperature: float) -> float:
        beta = np.exp(-log_temperature)
        loss = np.log(np.exp(beta * logs).sum(axis=1)) - beta * right
        return float(loss.sum() + log_temperature**2 / (2 * _PRIOR**2))

    low, high = np.log(_SEARCHED)
    for _ in range(_ROUNDS):
        grid = np.linspace(low, high, _GRID_POINTS)
        best = int(np.argmin([cost(value) for value in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return round(float(np.exp(grid[best])), 4)


class ReliabilityBin(NamedTuple):
    """The images whose confidence lies in one interval.

    Attributes:
        low: Its lower end, outside of it.
        high: Its upper end, inside.
        images: How many.
        confidence: Their mean; 0 where there are none.
        accuracy: Share of them that are right; 0 where there are none.
    """

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float


def reliability(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Compare confidence with accuracy in intervals of equal width, for probabilities (n, 10) and labels (n,)."""
    return compare(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def compare(confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """Compare confidence, shape (n,), 0 to 1, with how often it was right, shape (n,), as `reliability` does."""
    confidence = confidence.astype(np.float64)
    index = np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    means = [np.bincount(index, each, bins) / np.maximum(counts, 1) for each in (confidence, right)]
    return tuple(
        ReliabilityBin(k / bins, (k + 1) / bins, int(counts[k]), float(means[0][k]), float(means[1][k]))
        for k in range(bins)
    )


def expected_calibration_error(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], bins: int = BINS
) -> float:
    """Average the distance of confidence from accuracy, 0 to 1, over the images in each bin (Guo et al., 2017)."""
    return calibration_error(reliability(probabilities, labels, bins))


def calibration_error(rows: Sequence[ReliabilityBin]) -> float:
    """The expected calibration error of what `reliability` or `compare` found."""
    return sum(row.images * abs(row.confidence - row.accuracy) for row in rows) / max(
        sum(row.images for row in rows), 1
    )
