import json
from pathlib import Path

import numpy as np
import pytest

from mnist_edge import Classifier
from mnist_edge.benchmarks.release.robustness import (
    PERTURBATIONS,
    Perturbation,
    Robustness,
    measure_robustness,
    perturbed,
    plot_robustness,
)
from mnist_edge.dataset import Dataset, Split
from mnist_edge.opencv import cv2

BY_NAME = {row.name: row for row in PERTURBATIONS}


@pytest.fixture(scope="module")
def split(digits: Dataset) -> Split:
    return digits.test.take(np.arange(0, 300))


@pytest.fixture(scope="module")
def measured(split: Split) -> Robustness:
    return measure_robustness(Classifier("small"), split)


@pytest.mark.parametrize("row", PERTURBATIONS, ids=BY_NAME)
def test_the_neutral_step_changes_nothing(row: Perturbation, split: Split) -> None:
    assert row.neutral in row.steps
    assert np.array_equal(perturbed(split.images, row, row.neutral), split.images)


@pytest.mark.parametrize("row", PERTURBATIONS, ids=BY_NAME)
def test_every_other_step_changes_something_and_further_steps_more(row: Perturbation, split: Split) -> None:
    def change(step: float) -> float:
        return float(np.abs(perturbed(split.images, row, step).astype(float) - split.images).mean())

    for side in (-1, 1):
        steps = [step for step in row.steps if side * (step - row.neutral) > 0]
        # A Gaussian of a quarter of a pixel moves no grey level by half a step in a flat image, but edges it does.
        changes = [change(step) for step in sorted(steps, key=lambda step: abs(step - row.neutral))]
        assert changes == sorted(changes) and all(changes)


def test_accuracy_at_the_neutral_step_is_the_plain_one(measured: Robustness, split: Split) -> None:
    plain = float((Classifier("small").probabilities(split.images).argmax(axis=1) == split.labels).mean())
    for curve, row in zip(measured.curves, PERTURBATIONS, strict=True):
        assert curve.accuracy[curve.steps.index(row.neutral)] == plain
    # Paleness costs `small` nothing on some hundreds of images.
    assert sum(min(curve.accuracy) < plain for curve in measured.curves) >= len(measured.curves) - 1


def test_the_same_seed_gives_the_same_figures(measured: Robustness, split: Split) -> None:
    assert measure_robustness(Classifier("small"), split) == measured
    noise = BY_NAME["noise"]
    same, other = (perturbed(split.images, noise, 0.2, seed) for seed in (0, 1))
    assert np.array_equal(same, perturbed(split.images, noise, 0.2)) and not np.array_equal(same, other)


def test_what_the_steps_mean() -> None:
    bar = np.zeros((1, 28, 28, 1), np.uint8)
    bar[:, 8:20, 13:15] = 255

    def extent(name: str, step: float) -> tuple[int, int]:
        ink = perturbed(bar, BY_NAME[name], step)[0, :, :, 0] > 127
        return int(ink.any(axis=1).sum()), int(ink.any(axis=0).sum())

    assert extent("scale", 0.5)[0] == 6
    # Each step is half a pixel on either side.
    assert extent("stroke", 2) == (14, 4)
    assert perturbed(bar, BY_NAME["contrast"], 0.2).max() == 51
    turned = perturbed(bar, BY_NAME["rotation"], 30)[0, :, :, 0] > 127
    # Counter-clockwise: the top leans to the left.
    assert np.flatnonzero(turned[9]).mean() < 13 < 14 < np.flatnonzero(turned[18]).mean()


def test_the_document_is_json(measured: Robustness) -> None:
    document = json.loads(json.dumps(measured.to_json()))
    assert [curve["name"] for curve in document["curves"]] == list(BY_NAME)
    assert document["images"] == 300


def test_the_plot_is_a_picture(measured: Robustness, tmp_path: Path) -> None:
    plot_robustness([measured, measured], tmp_path / "curves.png")
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None and picture.std() > 5
