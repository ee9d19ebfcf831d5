"""A training in bfloat16 leaves a model in float32, and goes on as it began, on a processor of another kind too."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.evaluate import evaluate
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models import mixed_precision, run_settings
from mnist_edge.models.build import build
from mnist_edge.models.checkpoint import STATE
from mnist_edge.models.mixed_precision import MIXED, SINGLE, best_precision, in_precision, in_single
from mnist_edge.models.recipes import Recipe, find_recipe
from mnist_edge.models.run_settings import read_settings
from mnist_edge.models.train import train


@pytest.fixture(scope="module")
def small_digits() -> Dataset:
    return sklearn_digits()


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(find_recipe("nano"), epochs=2, batch_size=100)


@pytest.fixture
def quick_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_settings, "best_precision", lambda: MIXED)


def test_a_processor_with_matrices_of_bfloat16_trains_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for flags in (["avx2"], ["avx512_bf16"], ["avx2", "amx_bf16"]):
        monkeypatch.setattr(mixed_precision, "cpu_flags", lambda flags=flags: flags)
        found.append(best_precision())
    assert found == [SINGLE, SINGLE, MIXED]


def test_only_probabilities_are_float32_and_the_weights_are_the_same(recipe: Recipe) -> None:
    model = build(recipe)
    twin = in_precision(model, MIXED)
    assert [layer.compute_dtype for layer in twin.layers] == ["bfloat16"] * (len(model.layers) - 1) + ["float32"]
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), twin.get_weights(), strict=True))
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    differences = np.abs(np.asarray(model(images)) - np.asarray(twin(images)))
    # Eight bits of a number are kept.
    assert 0 < differences.max() < 0.01
    back = in_single(twin)
    assert np.array_equal(back(images), model(images))
    assert in_single(model) is model


@pytest.mark.slow
def test_what_is_kept_is_float32_and_as_good_as_was_measured(
    small_digits: Dataset, recipe: Recipe, tmp_path: Path, quick_at_it: None
) -> None:
    run = train(recipe, small_digits, tmp_path / "run", seed=1)
    kept = load_keras_model(run.model)
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    assert json.loads((run.folder / "metrics.json").read_text())["precision"] == MIXED
    assert evaluate(run.model, small_digits.test).correct == run.test.correct
    assert run.epochs[-1]["loss"] < run.epochs[0]["loss"]


@pytest.mark.slow
def test_an_interrupted_training_goes_on_in_its_precision_on_any_processor(
    small_digits: Dataset, recipe: Recipe, tmp_path: Path, quick_at_it: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(recipe, small_digits, tmp_path / "whole", seed=1)

    def stop(done: float, total: float, note: str = "") -> None:
        if done > 1:
            raise ConnectionError("killed")

    broken = tmp_path / "broken"
    with pytest.raises(ConnectionError):
        train(recipe, small_digits, broken, seed=1, progress=stop)
    assert (broken / STATE).exists()
    monkeypatch.setattr(run_settings, "best_precision", lambda: SINGLE)
    resumed = train(recipe, small_digits, broken, seed=1, resume=True)
    assert resumed.epochs == whole.epochs
    settings = read_settings(broken)
    assert settings and settings.precision == MIXED
    weights = [load_keras_model(run.model).get_weights() for run in (whole, resumed)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
