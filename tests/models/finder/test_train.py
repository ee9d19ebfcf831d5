"""A finder's training comes out the same however often it is interrupted, and draws its pages once."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, OutputError, UsageError
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.checkpoint import STATE
from mnist_edge.models.finder import train as training
from mnist_edge.models.finder.pool import PageSource, PoolSize
from mnist_edge.models.finder.train import FinderRun, train_finder
from mnist_edge.models.recipes import FINDER
from mnist_edge.training_stack import load_keras

RECIPE = replace(FINDER, epochs=2, batch_size=2)
FINISHED = {"model.keras", "settings.json", "metrics.json", "curves.png"}


@pytest.fixture(autouse=True)
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "STEPS", 3)
    monkeypatch.setattr(training, "VALIDATION_BATCHES", 1)
    monkeypatch.setattr(training, "REPORT", 1)


@pytest.fixture(scope="module")
def source(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> PageSource:
    empty = tmp_path_factory.mktemp("empty")
    size = PoolSize(pages=6, negatives=0, validation=4, validation_negatives=0, chunk=3)
    return PageSource(digits, 3, empty, empty, size)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs, which share their pages."""
    return tmp_path_factory.mktemp("runs")


def weights(run: FinderRun) -> list[np.ndarray]:
    return load_keras_model(run.model).get_weights()  # type: ignore[no-any-return]


def interrupted_after(epochs: float) -> object:
    def report(done: float, total: float, note: str = "") -> None:
        if done >= epochs and total == RECIPE.epochs and "loss" in note:
            raise KeyboardInterrupt

    return report


@pytest.mark.slow
def test_an_interrupted_training_goes_on_to_the_same_result(source: PageSource, runs: Path) -> None:
    whole = train_finder(source, runs / "whole", recipe=RECIPE)
    assert {path.name for path in whole.folder.iterdir()} == FINISHED
    metrics = json.loads((whole.folder / "metrics.json").read_text())
    assert metrics["training_pages"] == 6 and len(metrics["epochs"]) == 2 and not metrics["interrupted"]
    assert metrics["validation"]["pages"] == 4 and metrics["validation"]["digits"] > 0
    drawn = {path: path.stat().st_mtime_ns for path in runs.glob("finder-pages-*/*")}
    assert len(drawn) == 4

    cut = train_finder(source, runs / "cut", recipe=RECIPE, progress=interrupted_after(1))  # type: ignore[arg-type]
    assert cut.interrupted and len(cut.epochs) == 1 and (cut.folder / STATE).exists()
    with pytest.raises(OutputError, match="broken off after epoch 1"):
        train_finder(source, cut.folder, recipe=RECIPE)
    with pytest.raises(UsageError, match="seed 4, not 3"):
        train_finder(replace(source, seed=4), cut.folder, recipe=RECIPE, resume=True)
    resumed = train_finder(source, cut.folder, recipe=RECIPE, resume=True)
    assert resumed.epochs == whole.epochs and not resumed.interrupted
    assert all(np.array_equal(a, b) for a, b in zip(weights(whole), weights(resumed), strict=True))
    assert {path.name for path in cut.folder.iterdir()} == FINISHED
    assert {path: path.stat().st_mtime_ns for path in runs.glob("finder-pages-*/*")} == drawn


@pytest.mark.slow
def test_interrupted_in_its_first_epoch_nothing_is_kept_and_another_may_start(source: PageSource, runs: Path) -> None:
    with pytest.raises(ModelError, match="before its first epoch ended"):
        train_finder(source, runs / "first", recipe=RECIPE, progress=interrupted_after(0.1))  # type: ignore[arg-type]
    assert {path.name for path in (runs / "first").iterdir()} == {"settings.json"}
    shutil.rmtree(runs / "first")


@pytest.mark.slow
def test_a_training_starts_from_trained_weights(source: PageSource, runs: Path, tmp_path: Path) -> None:
    still = replace(RECIPE, epochs=1, learning_rate=1e-12)
    first = train_finder(source, runs / "first weights", recipe=still)
    second = train_finder(replace(source, seed=5), runs / "second", recipe=still, start=first.model)
    kernels = [[weight.numpy() for weight in load_keras_model(run.model).trainable_weights] for run in (first, second)]
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*kernels, strict=True))
    assert json.loads((second.folder / "settings.json").read_text())["start"] == str(first.model.resolve())

    layers = load_keras().layers
    load_keras().Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)]).save(tmp_path / "o.keras")
    with pytest.raises(UsageError, match="is no finder of this version"):
        train_finder(source, runs / "third", recipe=still, start=tmp_path / "o.keras")
