import numpy as np
import pytest

from mnist_edge.benchmarks.suite.ratios import Ratio, noise_of, ratio


def series(factor: float, seed: int, spread: float = 0.05) -> list[float]:
    """Times of 30 rounds in a machine whose speed drifts by half, which both of a pair see."""
    drift = np.linspace(1, 1.5, 30)
    return list(10 * factor * drift * np.random.default_rng(seed).lognormal(0, spread, 30))


def test_drift_cancels_and_the_interval_holds_the_truth() -> None:
    found = ratio(series(2.0, 1), series(1.0, 2))
    assert found.low < 2.0 < found.high
    # The spread of each series over the run is 40 %; that of the ratio is what is left.
    assert found.high - found.low < 0.2
    assert found.low <= found.median <= found.high


def test_a_difference_within_the_noise_is_none() -> None:
    assert ratio(series(1.0, 1), series(1.0, 2)).verdict() == "no difference"
    assert ratio(series(1.3, 1), series(1.0, 2)).verdict() == "slower"
    assert ratio(series(0.7, 1), series(1.0, 2)).verdict() == "faster"
    small = Ratio(1.04, 1.02, 1.06)
    assert small.verdict(noise=0.01) == "slower"
    assert small.verdict(noise=0.03) == "no difference"


def test_noise_is_how_far_twins_come_from_one() -> None:
    assert noise_of(Ratio(1.0, 0.96, 1.02)) == pytest.approx(0.04)
    assert noise_of(Ratio(1.0, 0.99, 1.05)) == pytest.approx(0.05)


def test_more_rounds_narrow_the_interval() -> None:
    few = ratio(series(1.0, 1)[:8], series(1.0, 2)[:8])
    many = ratio(series(1.0, 1) * 4, series(1.0, 2) * 4)
    assert many.high - many.low < few.high - few.low
