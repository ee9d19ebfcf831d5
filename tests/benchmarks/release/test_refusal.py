from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release import refusal
from mnist_edge.benchmarks.release.refusal import Refusal, at_threshold, held_out_non_digits, measure_refusal, trade_off
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.metadata import strip_metadata
from mnist_edge.models.non_digits import KINDS


@pytest.fixture(scope="module")
def others(digits: Dataset) -> refusal.NonDigits:
    return held_out_non_digits(digits, count=20)


@pytest.fixture(scope="module")
def found(exported: dict[str, Path], digits: Dataset, others: refusal.NonDigits) -> Refusal:
    return measure_refusal(exported["int8"], digits.test.images[:300], others)


def test_the_threshold_is_the_files_own(found: Refusal, exported: dict[str, Path], digits: Dataset) -> None:
    classifier = Classifier(exported["int8"])
    assert found.from_file and found.chosen.threshold == classifier.refusal_threshold
    accepted = classifier.is_digit(classifier.probabilities(digits.test.images[:300]))
    assert found.chosen.refused_digits == pytest.approx(1 - accepted.mean())
    assert (found.digits, found.non_digits) == (300, 20 * len(KINDS))


def test_kinds_add_up_to_the_whole(found: Refusal) -> None:
    assert set(found.by_kind) == set(KINDS)
    assert np.mean(list(found.by_kind.values())) == pytest.approx(found.chosen.refused_non_digits)


def test_more_digits_buy_more_non_digits(found: Refusal) -> None:
    pairs = [(row.refused_digits, row.refused_non_digits) for row in found.curve]
    assert pairs == sorted(pairs) and len(set(pairs)) > 2


def test_without_a_threshold_one_is_taken_that_holds(
    exported: dict[str, Path], digits: Dataset, others: refusal.NonDigits, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(strip_metadata(exported["int8"].read_bytes()))
    found = measure_refusal(bare, digits.test.images[:300], others)
    assert not found.from_file
    assert found.chosen.refused_digits <= refusal.MAX_REFUSED_DIGITS


def test_the_curve_pays_with_digits_for_non_digits() -> None:
    rng = np.random.default_rng(0)
    rows = trade_off(rng.normal(0.8, 0.1, 20_000), rng.normal(0.3, 0.1, 5_000), (0.001, 0.01, 0.1))
    assert [row.refused_digits for row in rows] == pytest.approx([0.001, 0.01, 0.1])
    # The normal distribution's own quantiles.
    assert [row.refused_non_digits for row in rows] == pytest.approx([0.972, 0.9963, 0.9999], abs=0.005)
    assert [row.threshold for row in rows] == sorted(row.threshold for row in rows)


def test_below_is_refused_and_equal_is_not() -> None:
    row = at_threshold(np.array([0.5, 0.6]), np.array([0.4, 0.5]), 0.5)
    assert (row.refused_digits, row.refused_non_digits) == (0.0, 0.5)
