import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import ModelError, OutputError, UsageError
from mnist_edge.evaluate import evaluate
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models import train as train_module
from mnist_edge.models.recipes import Layer, Recipe, find_recipe
from mnist_edge.models.run import Run, finished_run
from mnist_edge.models.train import train


@pytest.fixture(scope="module")
def small_digits() -> Dataset:
    return sklearn_digits()


@pytest.fixture(scope="module")
def quick() -> Recipe:
    return find_recipe("mlp").with_overrides(2, 128)


@pytest.fixture(scope="module")
def run(small_digits: Dataset, quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(quick, small_digits, tmp_path_factory.mktemp("train") / "run", seed=3)


def test_the_run_folder_is_complete_and_true(run: Run, small_digits: Dataset) -> None:
    names = {"model.keras", "settings.json", "metrics.json", "curves.png", "confusion.png"}
    assert {path.name for path in run.folder.iterdir()} == names
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["data"]["sha256"] == small_digits.sha256
    assert metrics["recipe"]["name"] == "mlp"
    assert metrics["seed"] == 3
    assert "keras" in metrics["versions"]
    assert [set(row) for row in metrics["epochs"]] == [{"accuracy", "loss", "val_accuracy", "val_loss"}] * 2
    assert evaluate(run.model, small_digits.test).correct == run.test.correct == metrics["test"]["correct"]


def weights(run: Run) -> list[np.ndarray]:
    return load_keras_model(run.model).get_weights()  # type: ignore[no-any-return]


@pytest.mark.slow
def test_same_seed_same_weights(tmp_path: Path, run: Run, small_digits: Dataset, quick: Recipe) -> None:
    same, other = (train(quick, small_digits, tmp_path / str(seed), seed=seed) for seed in (3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(weights(run), weights(same), strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights(run), weights(other), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("augmentation", ["pen", None])
def test_a_run_broken_off_goes_on_to_the_same_result(
    tmp_path: Path, small_digits: Dataset, augmentation: str | None
) -> None:
    def crash(done: float, total: float, note: str = "") -> None:
        if done >= 2:
            raise RuntimeError("power failure")

    # Dropout's random state must go on too.
    digits = Layer("Dense", (("units", 10), ("activation", "softmax")))
    layers = Layer("Flatten"), Layer("Dropout", (("rate", 0.25),)), digits
    loss = "categorical_crossentropy"
    recipe = replace(find_recipe("mlp"), layers=layers, epochs=4, batch_size=500, augmentation=augmentation, loss=loss)
    whole = train(recipe, small_digits, tmp_path / "whole", seed=1)
    with pytest.raises(RuntimeError):
        train(recipe, small_digits, tmp_path / "parts", seed=1, progress=crash)
    parts = train(recipe, small_digits, tmp_path / "parts", seed=1, resume=True)
    assert parts.epochs == whole.epochs
    assert all(np.array_equal(a, b) for a, b in zip(weights(whole), weights(parts), strict=True))
    assert {path.name for path in parts.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}


def test_resuming_what_is_not_there_or_training_over_what_was_broken_off(
    tmp_path: Path, small_digits: Dataset, quick: Recipe
) -> None:
    def interrupt(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise KeyboardInterrupt

    with pytest.raises(UsageError, match="no unfinished training"):
        train(quick, small_digits, tmp_path / "run", resume=True)
    train(quick, small_digits, tmp_path / "run", progress=interrupt)
    with pytest.raises(OutputError, match=r"broken off after epoch 1.*--resume"):
        train(quick, small_digits, tmp_path / "run")


def test_the_best_epoch_is_kept_and_training_stops_when_it_stays_the_best(
    tmp_path: Path, small_digits: Dataset
) -> None:
    recipe = replace(find_recipe("mlp"), epochs=60, batch_size=64, patience=2, learning_rate=0.02)
    run = train(recipe, small_digits, tmp_path / "run")
    accuracies = [row["val_accuracy"] for row in run.epochs]
    assert accuracies[run.kept] == max(accuracies)
    assert len(run.epochs) == run.kept + 3 < 60
    validation = evaluate(run.model, small_digits.with_validation(recipe.validation_images).validation)
    assert validation.accuracy == pytest.approx(max(accuracies), abs=1e-6)


@pytest.mark.slow
def test_the_last_epoch_is_kept_where_the_recipe_says_so(tmp_path: Path, small_digits: Dataset) -> None:
    # So long a training of so few digits grows too sure of itself: the last epoch is not the best.
    recipe = replace(find_recipe("mlp"), epochs=20, batch_size=64, patience=2, learning_rate=0.02, monitor="last")
    run = train(recipe, small_digits, tmp_path / "run")
    losses = [row["val_loss"] for row in run.epochs]
    assert min(losses) < losses[-1]
    assert run.kept == 19
    validation = evaluate(run.model, small_digits.with_validation(recipe.validation_images).validation)
    assert validation.accuracy == pytest.approx(run.epochs[-1]["val_accuracy"], abs=1e-6)


def test_weight_decay_makes_weights_smaller(tmp_path: Path, run: Run, small_digits: Dataset, quick: Recipe) -> None:
    decayed = train(replace(quick, weight_decay=20.0), small_digits, tmp_path / "run", seed=3)
    norms = [np.linalg.norm(weights(trained)[0]) for trained in (run, decayed)]
    assert norms[1] < 0.9 * norms[0]


def test_interruption_keeps_the_best_so_far(tmp_path: Path, small_digits: Dataset, quick: Recipe) -> None:
    def interrupt(done: float, total: float, note: str = "") -> None:
        if done >= 3:
            raise KeyboardInterrupt

    recipe = replace(quick, epochs=50)
    run = train(recipe, small_digits, tmp_path / "run", progress=interrupt)
    assert run.interrupted
    assert len(run.epochs) == 3
    assert evaluate(run.model, small_digits.test).correct == run.test.correct
    assert json.loads((run.folder / "metrics.json").read_text())["interrupted"]
    assert finished_run(run.folder, recipe, small_digits, 0) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_nothing_inside_a_step_and_no_part_of_an_epoch_counts(
    tmp_path: Path, small_digits: Dataset, quick: Recipe, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    compiled, raised, signals = train_module._compiled, 0, 0

    def signalled(*arguments: Any) -> Any:
        model = compiled(*arguments)
        whole = model.make_train_function() or model.train_function
        steps = 0

        def step(iterator: Any) -> Any:
            nonlocal raised, signals, steps
            steps += 1
            try:
                # In the middle of the second epoch, and often.
                for _ in range(10 if steps == 12 else 0):
                    signals += 1
                    signal.raise_signal(number)
            except KeyboardInterrupt:
                raised += 1
                raise
            return whole(iterator)

        model.train_function = step
        return model

    monkeypatch.setattr(train_module, "_compiled", signalled)
    before = signal.signal(number, signal.default_int_handler)
    try:
        run = train(replace(quick, epochs=50), small_digits, tmp_path / "run")
    finally:
        signal.signal(number, before)
    assert (signals, raised) == (10, 0)
    assert run.interrupted and len(run.epochs) == 1
    assert evaluate(run.model, small_digits.test).correct == run.test.correct


def test_interruption_before_the_first_epoch_leaves_nothing(
    tmp_path: Path, small_digits: Dataset, quick: Recipe
) -> None:
    def interrupt(done: float, total: float, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(ModelError, match="before its first epoch"):
        train(quick, small_digits, tmp_path / "run", progress=interrupt)
    assert not (tmp_path / "run" / "model.keras").exists()


def test_another_run_is_not_overwritten(tmp_path: Path, small_digits: Dataset, quick: Recipe) -> None:
    (tmp_path / "model.keras").touch()
    with pytest.raises(OutputError, match="exists already"):
        train(quick, small_digits, tmp_path)


def test_nan_is_an_error_not_a_model(tmp_path: Path, small_digits: Dataset, quick: Recipe) -> None:
    with pytest.raises(ModelError, match="the loss became"):
        train(replace(quick, learning_rate=1e30), small_digits, tmp_path / "run")


def test_a_finished_run_is_recognised_by_recipe_data_and_seed(
    tmp_path: Path, run: Run, small_digits: Dataset, quick: Recipe
) -> None:
    found = finished_run(run.folder, quick, small_digits, 3)
    assert found is not None
    assert found.test == run.test
    assert found.epochs == run.epochs
    assert finished_run(run.folder, quick, small_digits, 1) is None
    assert finished_run(run.folder, replace(quick, epochs=9), small_digits, 3) is None
    assert finished_run(run.folder, quick, replace(small_digits, sha256="other"), 3) is None
    assert finished_run(tmp_path / "nowhere", quick, small_digits, 3) is None
    shutil.copytree(run.folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.keras").write_bytes(b"damaged")
    assert finished_run(tmp_path / "damaged", quick, small_digits, 3) is None
