"""The finder's network takes any size that is a multiple of 32, and its loss falls to what finding is worth."""

import numpy as np
import pytest

from mnist_edge.detection import CHANNELS, MULTIPLE, STRIDE
from mnist_edge.models.finder.loss import detection_loss
from mnist_edge.models.finder.network import RARE, build_finder
from mnist_edge.models.finder.targets import make_targets

BOX = np.array([[24.0, 20, 12, 18]], np.float32)


@pytest.mark.parametrize(("height", "width"), [(MULTIPLE, MULTIPLE), (64, 96), (480, 640)])
def test_four_cells_a_place_and_few_digits_at_first(height: int, width: int) -> None:
    output = np.asarray(build_finder()(np.zeros((1, height, width, 1), np.float32)))
    assert output.shape == (1, height // STRIDE // 2, width // STRIDE // 2, 4 * CHANNELS)
    assert output[..., 0] == pytest.approx(RARE, abs=1e-3)


def perfect(label: int) -> np.ndarray:
    """An output that says exactly what the targets of `BOX` say."""
    target = make_targets(BOX, np.array([label]), 64).reshape(8, 8, 4, 8)
    output = np.zeros((8, 8, 4, CHANNELS), np.float32)
    output[..., 0] = np.where(target[..., 0] == 1, 12, -12)
    output[..., 1 + label] = 20
    output[..., 11:] = target[..., 4:]
    return output.reshape(1, 8, 8, 4 * CHANNELS)


def loss_of(output: np.ndarray, label: int = 5) -> float:
    return float(detection_loss(make_targets(BOX, np.array([label]), 64)[None], output))


def test_a_perfect_answer_costs_nothing_and_each_fault_something() -> None:
    assert loss_of(perfect(5)) < 0.01
    assert loss_of(perfect(6)) > 5
    missed = perfect(5)
    missed[..., 0::CHANNELS] = -12
    assert loss_of(missed) > 5
    false = perfect(5)
    false[0, 0, 0, 0] = 12
    assert loss_of(false) > 5
    moved = perfect(5)
    moved[..., 11::CHANNELS] += 0.5
    assert 0.3 < loss_of(moved) < 2


def test_pictures_without_digits_have_a_finite_loss() -> None:
    target = make_targets(np.zeros((0, 4), np.float32), np.zeros(0, int), 64)[None]
    assert float(detection_loss(target, np.full((1, 8, 8, 4 * CHANNELS), -9, np.float32))) == pytest.approx(0, abs=0.01)
