"""Ratios of times that were measured in turns, with the interval that a bootstrap gives them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one thing takes as another.

    Attributes:
        median: Of the rounds' ratios.
        low: Lower end of the 95 % interval of that median.
        high: Its upper end.
    """

    median: float
    low: float
    high: float

    def verdict(self, noise: float = 0.0) -> str:
        """Say whether the first is `faster` or `slower` than the second; `no difference` where it cannot be told.

        Args:
            noise: How far from 1 the interval of two things came that are the same.
        """
        if self.high < 1 - noise:
            return "faster"
        return "slower" if self.low > 1 + noise else "no difference"

    def __str__(self) -> str:
        """Write it as `1.23 (1.20 to 1.27)`."""
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def ratio(times: Sequence[float], others: Sequence[float], seed: int = 0) -> Ratio:
    """Compare two series that took turns: one time of each a round.

    The ratio of each round is taken first, so that a round in which the machine was slow counts for both alike. Rounds
    are drawn again with replacement for the interval (Efron, "Bootstrap methods: another look at the jackknife", 1979;
    percentiles of 2,000 medians).
    """
    rounds: NDArray[np.float64] = np.asarray(times, np.float64) / np.asarray(others, np.float64)
    drawn = np.random.default_rng(seed).integers(len(rounds), size=(RESAMPLES, len(rounds)))
    medians = np.median(rounds[drawn], axis=1)
    low, high = np.quantile(medians, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Ratio(float(np.median(rounds)), float(low), float(high))


def noise_of(twins: Ratio) -> float:
    """How far from 1 the ratio of two things lies that are the same, interval included."""
    return max(abs(twins.low - 1), abs(twins.high - 1))
