import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature, expected_calibration_error, fit_temperature, reliability


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def logits() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(0, 3, (20_000, 10))


@pytest.fixture(scope="module")
def labels(logits: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Drawn from the softmax itself, which is then perfectly calibrated."""
    draws = np.random.default_rng(1).gumbel(size=logits.shape)
    return np.asarray((logits + draws).argmax(axis=1), np.uint8)


@pytest.mark.parametrize("temperature", [0.3, 0.9, 1.5, 8.0])
def test_temperature_divides_the_logits(logits: NDArray[np.float64], temperature: float) -> None:
    found = apply_temperature(softmax(logits), temperature)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, softmax(logits / temperature), atol=1e-6)


def test_a_temperature_of_1_changes_nothing_and_zeros_stay_zero() -> None:
    quantised = np.zeros((2, 10), np.float32)
    quantised[0, 0], quantised[1, :2] = 0.9961, (0.5, 0.25)
    np.testing.assert_array_equal(apply_temperature(quantised, 1.0), quantised)
    assert apply_temperature(quantised, 0.5)[:, :3].ravel() == pytest.approx([1, 0, 0, 0.8, 0.2, 0])


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.0, 1.6, 3.0])
def test_the_factor_that_was_put_in_is_found(
    logits: NDArray[np.float64], labels: NDArray[np.uint8], factor: float
) -> None:
    # Logits that are too large by a factor want that factor for a temperature.
    spoiled = softmax(logits * factor)
    temperature = fit_temperature(spoiled, labels)
    assert temperature == pytest.approx(factor, rel=0.03)
    assert expected_calibration_error(apply_temperature(spoiled, temperature), labels) < 0.01
    assert expected_calibration_error(spoiled, labels) > 0.05 or factor == 1.0


def test_one_byte_outputs_find_it_too(logits: NDArray[np.float64], labels: NDArray[np.uint8]) -> None:
    quantised = np.asarray(np.clip(np.rint(softmax(logits * 1.5) * 256), 0, 255) / 256, np.float32)
    assert (quantised[np.arange(len(labels)), labels] == 0).any()
    assert fit_temperature(quantised, labels) == pytest.approx(1.5, rel=0.1)


def test_a_few_images_that_are_all_right_do_not_make_it_certain() -> None:
    probabilities = np.full((100, 10), 0.01, np.float32)
    probabilities[:, 3] = 0.91
    assert 0.3 < fit_temperature(probabilities, np.full(100, 3, np.uint8)) < 1
    sure = np.eye(10, dtype=np.float32)[[3] * 100]
    assert fit_temperature(sure, np.full(100, 3, np.uint8)) == pytest.approx(1, abs=0.01)


def test_the_error_is_that_of_the_formula() -> None:
    # Three bins of two: 0.55 and half right, 0.75 and all right, 0.95 and none right.
    probabilities = np.zeros((6, 10), np.float32)
    probabilities[:, 0] = [0.55, 0.55, 0.75, 0.75, 0.95, 0.95]
    labels = np.array([0, 1, 0, 0, 2, 2], np.uint8)
    assert expected_calibration_error(probabilities, labels) == pytest.approx((0.05 + 0.25 + 0.95) / 3, abs=1e-6)
    rows = reliability(probabilities, labels)
    assert [(row.images, row.accuracy) for row in rows if row.images] == [(2, 0.5), (2, 1.0), (2, 0.0)]
    assert all(row.low < row.confidence <= row.high for row in rows if row.images)


def test_confidence_of_1_and_of_0_have_a_bin() -> None:
    rows = reliability(np.eye(10, dtype=np.float32)[[4, 4]], np.array([4, 5], np.uint8), bins=5)
    assert rows[-1].images == 2
    assert reliability(np.zeros((3, 10), np.float32), np.zeros(3, np.uint8))[0].images == 3
