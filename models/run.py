"""Run folders: what a training leaves behind."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import mnist_edge
from mnist_edge.atomic_files import write_text
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.evaluate import Evaluation, evaluate
from mnist_edge.models.plots import plot_confusion, plot_curves
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import is_finished
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.run_folders import METRICS


@dataclass(frozen=True, slots=True)
class Measured:
    """What a network does before or after fine-tuning; shares, 0 to 1.

    Attributes:
        test_accuracy: On the test split.
        held_out_accuracy: On the held-out collected digits; a non-digit counts as right where it is refused.
        non_digits_refused: Of drawn non-digits.
    """

    test_accuracy: float
    held_out_accuracy: float
    non_digits_refused: float


@dataclass(frozen=True, slots=True)
class FineTuning:
    """What a network was taught of collected digits.

    Attributes:
        images: How many there were.
        corrected: How many of them people had corrected.
        no_digits: How many of them are non-digits.
        skipped: How many lines could not be used, by the reason.
        held_out: How many were kept from training to choose the share.
        share: Weight of the new weights in the average that was kept, 0 to 1.
        before: The network as it ships.
        after: The network that was kept.
    """

    images: int
    corrected: int
    no_digits: int
    skipped: dict[str, int]
    held_out: int
    share: float
    before: Measured
    after: Measured


@dataclass(frozen=True, slots=True)
class Run:
    """A finished training.

    Attributes:
        folder: Holds `model.keras`, `settings.json`, `metrics.json`, `curves.png`, `confusion.png`.
        recipe: Name of the recipe.
        seed: Of weights, order and augmentation.
        parameters: How many, trained and moving together.
        epochs: One row an epoch: `accuracy`, `loss`, `val_accuracy`, `val_loss`.
        kept: Index of the epoch whose weights were kept, chosen as the recipe's `monitor` says.
        seconds: Wall-clock time of the training.
        interrupted: Whether a user ended it early.
        test: Figures of the kept weights on the test split.
        fine_tuning: What was taught to a network that ships; None for one that was trained from nothing.
    """

    folder: Path
    recipe: str
    seed: int
    parameters: int
    epochs: tuple[dict[str, float], ...]
    kept: int
    seconds: float
    interrupted: bool
    test: Evaluation
    fine_tuning: FineTuning | None = None

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.folder / "model.keras"


def write_report(run: Run, settings: RunSettings, data: Dataset, keras: Any) -> None:
    """Write `curves.png`, `confusion.png` and, last, `metrics.json` into the run's folder."""
    images = {"training": len(data.training), "validation": len(data.validation), "test": len(data.test)}
    report = {
        **settings.to_json(),
        "versions": {
            "mnist-edge": mnist_edge.__version__,
            "keras": keras.__version__,
            keras.backend.backend(): version(keras.backend.backend()),
            "numpy": np.__version__,
        },
        "data": settings.data.to_json() | images,
        "parameters": run.parameters,
        "epochs": list(run.epochs),
        "kept_epoch": run.kept + 1,
        "seconds": run.seconds,
        "interrupted": run.interrupted,
        "test": run.test.to_json(),
        **({"fine_tuning": asdict(run.fine_tuning)} if run.fine_tuning else {}),
    }
    best = run.epochs[run.kept]["val_accuracy"]
    title = f"{run.recipe}, seed {run.seed}: validation {best:.2%}, test {run.test.accuracy:.2%}"
    plot_curves(run.epochs, run.kept, title, run.folder / "curves.png")
    plot_confusion(run.test, run.folder / "confusion.png")
    write_text(run.folder / METRICS, json.dumps(report, indent=2) + "\n")


def finished_run(folder: Path, recipe: Recipe, data: Dataset, seed: int) -> Run | None:
    """The run in `folder` if it was trained to its end by this recipe, data and seed; else None."""
    try:
        if read_settings(folder) != RunSettings.of(recipe, data, seed) or not is_finished(folder):
            return None
        metrics = json.loads((folder / METRICS).read_text())
        if metrics["interrupted"]:
            return None
        return Run(
            folder=folder,
            recipe=recipe.name,
            seed=seed,
            parameters=metrics["parameters"],
            epochs=tuple(metrics["epochs"]),
            kept=metrics["kept_epoch"] - 1,
            seconds=metrics["seconds"],
            interrupted=False,
            # Measured again: the model may have been replaced since.
            test=evaluate(folder / "model.keras", data.test, classes=data.classes),
        )
    except (OSError, ValueError, KeyError, ModelError):
        return None
