from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.converters.layer_error import layer_errors
from mnist_edge.converters.parity import ModelOutputs, Tolerance, compare
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset
from mnist_edge.errors import CheckFailed, UsageError
from mnist_edge.evaluate import evaluate

KEYS = {
    "passed", "images", "reference", "candidate", "accuracy_drop", "agreement", "disagreements", "p_value",
    "max_abs_difference", "failures", "per_class_drop", "tolerance",
}  # fmt: skip


def answers(said: list[int], sure: float = 1.0) -> ModelOutputs:
    return ModelOutputs("model", "none", (np.eye(10, dtype=np.float32) * sure)[said])


def test_float_matches_keras_to_the_last_digit(trained: Path, exported: Mapping[str, Path], few: Dataset) -> None:
    report = verify(trained, exported["float32"], few.test, max_drop=0, min_agreement=1)
    assert report.passed and report.failures == ()
    assert report.agreement == 1 and report.disagreements == 0 and report.p_value == 1
    assert report.max_abs_difference is not None and 0 < report.max_abs_difference < 1e-5
    assert report.to_json().keys() == KEYS
    assert report.reference.correct == evaluate(trained, few.test).correct
    assert report.reference.runtime.startswith("keras") and not report.candidate.runtime.startswith("keras")


@pytest.mark.slow
def test_any_two_models_compare(trained: Path, exported: Mapping[str, Path], few: Dataset) -> None:
    report = verify(exported["float16"], exported["int16x8"], few.test)
    assert report.images == len(few.test) and report.agreement > 0.99
    back = verify(exported["float32"], trained, few.test)
    assert back.candidate.runtime.startswith("keras")


@pytest.mark.slow
def test_the_candidates_precision_sets_the_tolerance_but_one_image_may_differ(
    trained: Path, exported: Mapping[str, Path], few: Dataset
) -> None:
    one = 1 / len(few.test)
    strict = verify(trained, exported["float32"], few.test).tolerance
    one_of_a_digit = 1 / np.bincount(few.test.labels).min()
    assert strict == Tolerance(one, 1 - one, max_class_drop=one_of_a_digit, min_p=0.01)
    given = verify(trained, exported["float32"], few.test, max_drop=0.5, min_agreement=0.25).tolerance
    assert given == Tolerance(0.5, 0.25, max_class_drop=5, min_p=0)
    given = verify(trained, exported["float32"], few.test, max_class_drop=0.125, min_p=0.5).tolerance
    assert given == Tolerance(one, 1 - one, max_class_drop=0.125, min_p=0.5)


def half_wrong(digit: int, wrong: int) -> tuple[ModelOutputs, ModelOutputs, NDArray[np.uint8]]:
    """A perfect reference; a candidate that takes some of one digit's 100 images for another; their labels."""
    labels = np.repeat(np.arange(10, dtype=np.uint8), 100)
    said = labels.copy()
    said[100 * digit : 100 * digit + wrong] = (digit + 1) % 10
    return answers(labels.tolist()), answers(said.tolist()), labels


def test_a_digit_that_is_lost_fails_though_the_whole_is_as_good() -> None:
    reference, candidate, labels = half_wrong(7, 10)
    lax = Tolerance(max_drop=0.02, min_agreement=0.97)
    assert compare(reference, candidate, labels, lax).passed
    report = compare(reference, candidate, labels, replace(lax, max_class_drop=0.05))
    (reason,) = report.failures
    assert "10 on the 7 (10 of 100)" in reason and "more than 5" in reason
    assert compare(candidate, reference, labels, replace(lax, max_class_drop=0.05)).passed


def test_a_loss_that_is_no_chance_fails_and_a_gain_does_not() -> None:
    reference, candidate, labels = half_wrong(3, 9)
    strict = Tolerance(max_drop=0.02, min_agreement=0.97, min_p=0.01)
    (reason,) = compare(reference, candidate, labels, strict).failures
    assert "McNemar's p 0.00391 is below 0.01" in reason
    assert compare(candidate, reference, labels, strict).passed
    assert compare(*half_wrong(3, 7), strict).passed  # p = 2 / 2**7


def test_a_worse_model_fails_with_every_reason(trained: Path, collapsed: Path, few: Dataset) -> None:
    report = verify(trained, collapsed, few.test)
    assert not report.passed
    assert [reason.split()[1] for reason in report.failures] == ["collapsed:", "dropped", "agree", "on", "loss"]
    assert report.p_value < 1e-9
    assert report.accuracy_drop == pytest.approx(report.reference.accuracy - report.candidate.accuracy)
    assert report.per_class_drop[3] <= 0 < report.per_class_drop[4]
    with pytest.raises(CheckFailed, match=r"collapsed.*dropped by.*agree on"):
        report.raise_if_failed()


def test_the_figures_of_a_comparison_by_hand() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], np.uint8)
    reference = answers([0, 1, 2, 3, 4, 5, 6, 7, 8, 0])
    candidate = answers([0, 1, 2, 3, 4, 5, 6, 1, 1, 9], sure=0.75)
    report = compare(reference, candidate, labels, Tolerance(0.1, 0.7))
    assert report.passed
    assert (report.reference.correct, report.candidate.correct) == (9, 8)
    assert report.accuracy_drop == pytest.approx(0.1) and report.agreement == pytest.approx(0.7)
    assert report.disagreements == 3
    assert report.p_value == 1.0  # two against one of three
    assert report.max_abs_difference == 1.0
    assert report.per_class_drop == (0, 0, 0, 0, 0, 0, 0, 1, 1, -1)
    assert not compare(reference, candidate, labels, Tolerance(0.09, 0.7)).passed
    assert not compare(reference, candidate, labels, Tolerance(0.1, 0.71)).passed


def test_outputs_that_are_not_finite_fail() -> None:
    labels = np.arange(10, dtype=np.uint8)
    broken = answers(list(range(10)))
    broken.probabilities[4, 4] = np.nan
    report = compare(answers(list(range(10))), broken, labels, Tolerance(1, 0))
    assert not report.passed and "NaN or infinity" in report.failures[0]
    assert report.max_abs_difference is None


def test_layer_errors_are_below_a_quantum(trained: Path, exported: Mapping[str, Path], few: Dataset) -> None:
    rows = layer_errors(trained, exported["int8"], few)
    assert [row["op"] for row in rows if row["op"] in ("CONV_2D", "FULLY_CONNECTED")] == ["CONV_2D"] * 2 + [
        "FULLY_CONNECTED"
    ] * 2
    for row in rows:
        assert row["rmse"] == pytest.approx(row["scale"] * row["rmse_per_scale"])
        assert 0 <= row["rmse_per_scale"] < 1


def test_layer_errors_say_what_they_need(trained: Path, exported: Mapping[str, Path], few: Dataset) -> None:
    with pytest.raises(UsageError, match=r"needs a candidate exported with --quantize int8.*float16"):
        layer_errors(trained, exported["float16"], few)
    with pytest.raises(UsageError, match="needs the Keras model as reference"):
        layer_errors(exported["float32"], exported["int8"], few)
