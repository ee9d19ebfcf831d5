import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.output_kinds import OutputKind, probe_images, recognise, to_probabilities

LOGITS = np.random.default_rng(0).normal(0, 4, (6, 10)).astype(np.float32)
SOFTMAX = to_probabilities(LOGITS, OutputKind.LOGITS)


@pytest.mark.parametrize(
    ("outputs", "meaning"),
    [
        (SOFTMAX, OutputKind.PROBABILITIES),
        (SOFTMAX.astype(np.float16), OutputKind.PROBABILITIES),
        # As int8 and uint8 hold a softmax, by TFLite's convention: a scale of 1/256, so that 1 is 255/256.
        (np.minimum(np.rint(SOFTMAX * 256), 255) / 256, OutputKind.PROBABILITIES),
        (np.full((6, 10), 0.1), OutputKind.PROBABILITIES),
        (LOGITS, OutputKind.LOGITS),
        (np.maximum(LOGITS, 0), OutputKind.LOGITS),
        (np.rint(LOGITS / 0.2) * 0.2, OutputKind.LOGITS),
        (np.log(SOFTMAX), OutputKind.LOG_PROBABILITIES),
        (1 / (1 + np.exp(-LOGITS)), OutputKind.SCORES),
        (np.zeros((6, 10)), OutputKind.SCORES),
        (np.full((6, 10), np.nan), OutputKind.PROBABILITIES),
    ],
)
def test_outputs_are_recognised_by_their_numbers(outputs: NDArray[np.float32], meaning: OutputKind) -> None:
    assert recognise(outputs) is meaning


def test_one_row_that_is_no_distribution_decides() -> None:
    rows = SOFTMAX.copy()
    rows[4] *= 0.5
    assert recognise(rows) is OutputKind.SCORES


@pytest.mark.parametrize(
    ("outputs", "meaning"),
    [
        (LOGITS, OutputKind.LOGITS),
        (np.log(SOFTMAX), OutputKind.LOG_PROBABILITIES),
        (1 / (1 + np.exp(-LOGITS.astype(np.float64))), OutputKind.SCORES),
        (SOFTMAX, OutputKind.PROBABILITIES),
    ],
)
def test_all_lead_to_the_same_probabilities(outputs: NDArray[np.float32], meaning: OutputKind) -> None:
    # Scores are never taken for surer than a millionth.
    assert to_probabilities(outputs, meaning) == pytest.approx(SOFTMAX, abs=1e-3)


def test_large_logits_do_not_overflow() -> None:
    found = to_probabilities(np.array([[1e4] + [-1e4] * 9], np.float32), OutputKind.LOGITS)
    assert found.tolist() == [[1.0] + [0.0] * 9]


def test_the_probe_is_the_same_every_time_and_varied() -> None:
    images = probe_images()
    assert images.dtype == np.uint8 and images.shape == (6, 28, 28, 1)
    assert np.array_equal(images, probe_images()) and len(np.unique(images.reshape(6, -1), axis=0)) == 6
