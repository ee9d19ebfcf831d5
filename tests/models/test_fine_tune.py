"""Fine-tuning on collected digits: a hand that the shipped network misreads is learned, and nothing is forgotten."""

import json
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, OutputError, UsageError
from mnist_edge.evaluate import evaluate
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models import fine_tune as fine_tune_module
from mnist_edge.models import fine_tune_figures
from mnist_edge.models.batches import LABEL_SHARE, fine_tuning_batches
from mnist_edge.models.collected import NO_DIGIT, CollectedDigits
from mnist_edge.models.fine_tune import fine_tune
from mnist_edge.models.fine_tune_origin import fine_tuning_recipe, shipped_weights
from mnist_edge.models.recipes import Recipe, find_recipe
from mnist_edge.models.run import Run
from mnist_edge.normalisation import normalise
from mnist_edge.opencv import cv2

# Half a minute of training.
pytestmark = pytest.mark.slow
Image = NDArray[np.uint8]
_OVAL = [(0.3 + 0.3 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 16)]
# A slashed 0, a crossed 2, a crossed 7, and what is no digit: a house.
HAND: dict[int, list[list[tuple[float, float]]]] = {
    0: [_OVAL, [(0.6, -0.02), (0, 1.02)]],
    2: [[(0, 0.05), (0.55, 0), (0, 1), (0.6, 0.97)], [(0.05, 0.5), (0.65, 0.5)]],
    7: [[(0, 0.3), (0.1, 0), (0.55, 0), (0.45, 1)], [(0.15, 0.5), (0.8, 0.5)]],
    NO_DIGIT: [[(0, 1), (0, 0.4), (0.35, 0), (0.7, 0.4), (0.7, 1), (0, 1)]],
}


def written(label: int, rng: np.random.Generator) -> Image:
    """As the camera would deliver it: shape (28, 28)."""
    canvas = np.zeros((160, 160), np.uint8)
    slant, wide, pen = rng.normal(0, 0.1), rng.uniform(0.85, 1.2), int(rng.integers(5, 12))
    for line in HAND[label]:
        points = np.array(line) + rng.normal(0, 0.025, (len(line), 2))
        points = np.stack([points[:, 0] * wide + slant * (1 - points[:, 1]), points[:, 1]], axis=1) * 90 + (40, 35)
        cv2.polylines(canvas, [np.rint(points * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    return normalise(widen_strokes(canvas))


def collected(labels: Sequence[int], seed: int) -> CollectedDigits:
    rng = np.random.default_rng(seed)
    return CollectedDigits(
        np.stack([written(label, rng) for label in labels])[..., None], np.array(labels), corrected=len(labels)
    )


@pytest.fixture(scope="module")
def quick() -> Any:
    """Short epochs, and few drawn non-digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tune_module, "STEPS", 40)
        patch.setattr(fine_tune_figures, "PROBES", 100)
        yield


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    """Enough to rehearse on: 3,000 images of MNIST, or what there is of the bundled digits."""
    parts = {"training": 3_000, "validation": 1_000, "test": 1_000}
    less = {name: getattr(digits, name) for name in parts}
    less = {name: split.take(np.arange(min(parts[name], len(split)))) for name, split in less.items()}
    # As fine-tuning itself will have it.
    return replace(digits, **less).with_validation(find_recipe("nano").validation_images)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return fine_tuning_recipe(find_recipe("nano")).with_overrides(3, None)


@pytest.fixture(scope="module")
def extra() -> CollectedDigits:
    return collected([0, 2, 7] * 20 + [NO_DIGIT] * 12, seed=1)


@pytest.fixture(scope="module")
def run(
    quick: None, few: Dataset, recipe: Recipe, extra: CollectedDigits, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    return fine_tune(recipe, few, extra, tmp_path_factory.mktemp("fine") / "run", seed=2)


def right(network: Any, images: Image, labels: NDArray[np.int64]) -> float:
    said = np.asarray(network.predict(images.astype(np.float32) / 255, verbose=0)).argmax(axis=1)
    return float((said == labels).mean())


def test_a_new_hand_is_learned_and_nothing_is_forgotten(run: Run, recipe: Recipe, few: Dataset) -> None:
    # Of the same hand, but neither taught nor what anything was chosen on.
    fresh = collected([0, 2, 7] * 30, seed=99)
    before, after = load_keras_model(shipped_weights(recipe)), load_keras_model(run.model)
    assert right(before, fresh.images, fresh.labels) < 0.7
    assert right(after, fresh.images, fresh.labels) > 0.9
    learned = run.fine_tuning
    assert learned is not None
    assert learned.after.held_out_accuracy > learned.before.held_out_accuracy + 0.2
    assert learned.after.test_accuracy > learned.before.test_accuracy - (0.003 if few.name == "MNIST" else 0.01)
    assert learned.after.non_digits_refused > learned.before.non_digits_refused - 0.1
    assert evaluate(run.model, few.test).accuracy == pytest.approx(learned.after.test_accuracy)


def test_the_run_folder_says_before_and_after(run: Run, few: Dataset) -> None:
    assert {path.name for path in run.folder.iterdir()} == {
        "model.keras", "settings.json", "metrics.json", "curves.png", "confusion.png",
    }  # fmt: skip
    metrics = json.loads((run.folder / "metrics.json").read_text())
    found = metrics["fine_tuning"]
    assert {name: found[name] for name in ("images", "corrected", "no_digits", "skipped", "held_out")} == {
        "images": 72, "corrected": 72, "no_digits": 12, "skipped": {}, "held_out": 18,
    }  # fmt: skip
    assert set(found["before"]) == {"test_accuracy", "held_out_accuracy", "non_digits_refused"} == set(found["after"])
    assert 0 < found["share"] <= 1
    assert metrics["test"]["accuracy"] == found["after"]["test_accuracy"]
    kept = metrics["epochs"][metrics["kept_epoch"] - 1]
    assert kept["extra_accuracy"] == found["after"]["held_out_accuracy"]
    assert evaluate(run.model, few.validation).accuracy == pytest.approx(kept["val_accuracy"])
    assert metrics["data"]["validation"] == len(few.validation)
    assert (metrics["recipe"]["name"], metrics["recipe"]["epochs"], len(metrics["epochs"])) == ("nano", 3, 3)
    assert load_keras_model(run.model).name == "nano-extra"


def test_the_validation_images_set_the_limit(
    quick: None, few: Dataset, recipe: Recipe, extra: CollectedDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_module, "STEPS", 10)
    # So fast that all is forgotten: nothing of it may be kept.
    wild = replace(recipe, learning_rate=0.05, epochs=1)
    run = fine_tune(wild, few, extra, tmp_path / "run")
    assert run.fine_tuning is not None and run.fine_tuning.share < 0.5
    before = evaluate(shipped_weights(recipe), few.validation)
    assert evaluate(run.model, few.validation).accuracy >= before.accuracy - fine_tune_module.MAX_DROP - 1e-9


def test_ctrl_c_keeps_the_epochs_so_far_and_the_seed_decides(
    quick: None, few: Dataset, recipe: Recipe, extra: CollectedDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_module, "STEPS", 4)

    def interrupt_after(epochs: float) -> Any:
        def progress(done: float, total: float, note: str = "") -> None:
            if done > epochs:
                raise KeyboardInterrupt

        return progress

    with pytest.raises(ModelError, match="before its first epoch"):
        fine_tune(recipe, few, extra, tmp_path / "none", progress=interrupt_after(0))
    assert not (tmp_path / "none" / "model.keras").exists()
    one, other = (
        fine_tune(recipe, few, extra, tmp_path / name, seed=5, progress=interrupt_after(1)) for name in ("one", "other")
    )
    assert one.interrupted and len(one.epochs) == 1
    assert evaluate(one.model, few.test).correct == one.test.correct
    weights = [load_keras_model(run.model).get_weights() for run in (one, other)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    with pytest.raises(OutputError, match="exists already"):
        fine_tune(recipe, few, extra, tmp_path / "one")


def test_a_signal_waits_for_the_end_of_the_step(
    quick: None, few: Dataset, recipe: Recipe, extra: CollectedDigits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_module, "STEPS", 4)
    begun, ended = [], []

    def signalled(*arguments: Any) -> Any:
        draw = fine_tuning_batches(*arguments)

        def step(number: int) -> Any:
            begun.append(number)
            if number == 5:
                signal.raise_signal(signal.SIGINT)
            ended.append(number)
            return draw(number)

        return step

    monkeypatch.setattr(fine_tune_module, "fine_tuning_batches", signalled)
    run = fine_tune(recipe, few, extra, tmp_path / "run")
    assert begun == ended == [0, 1, 2, 3, 4, 5]
    assert run.interrupted and len(run.epochs) == 1


def test_only_what_ships_with_its_weights_goes_on() -> None:
    with pytest.raises(UsageError, match=r"a network that ships .*small.*folder; not from mlp"):
        fine_tuning_recipe(find_recipe("mlp"))
    for name in ("nano", "small", "large"):
        assert fine_tuning_recipe(find_recipe(name)).name == name


def test_batches_mix_what_is_new_with_what_the_network_said(quick: None, few: Dataset, recipe: Recipe) -> None:
    taught = collected([2] * 5 + [NO_DIGIT] * 5, seed=3)
    said = np.full(10, 0.1, np.float32)
    said[4] = 0.19
    draw = fine_tuning_batches(
        recipe, few.training, taught, 0, lambda images: np.repeat(said[None], len(images), axis=0)
    )
    images, labels = draw(0)
    assert images.shape == (128, 28, 28, 1) and images.dtype == np.float32
    assert labels.shape == (128, 10) and labels.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    known, rest = np.split(labels, [96])
    # Of the data set's labels, and what the network said.
    assert np.allclose(known, LABEL_SHARE * np.eye(10)[known.argmax(axis=1)] + (1 - LABEL_SHARE) * said)
    assert len(set(known.argmax(axis=1))) == 10
    strange, new = np.split(rest, [13])
    assert (strange == said).all() and len(new) == 19
    assert {tuple(row) for row in new.tolist()} == {tuple(np.eye(10)[2]), tuple(np.full(10, 0.1, np.float32).tolist())}
    assert np.array_equal(draw(0)[0], images) and not np.array_equal(draw(1)[0], images)
