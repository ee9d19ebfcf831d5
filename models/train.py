"""Training: a recipe and a data set in, a run folder out."""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import mnist_edge
from mnist_edge.classifier import as_input
from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.evaluate import Evaluation, KerasClassifier, predict, score
from mnist_edge.files import refuse_overwrite, write_text, write_whole
from mnist_edge.models.augment import augmented_batches
from mnist_edge.models.build import build
from mnist_edge.models.plots import plot_confusion, plot_curves
from mnist_edge.models.recipes import Recipe
from mnist_edge.progress import Progress, no_progress
from mnist_edge.training_stack import load_keras, load_tensorflow


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder and what came of it.

    Attributes:
        folder: Holds `model.keras`, `metrics.json`, `curves.png`, `confusion.png`.
        recipe: Name of the recipe.
        seed: Of weights, order and augmentation.
        parameters: Trained and moving ones together.
        epochs: One row an epoch: `accuracy`, `loss`, `val_accuracy`, `val_loss`.
        kept: Index of the epoch whose weights were kept: the best validation accuracy, then the lowest loss.
        seconds: Wall-clock time of the training.
        interrupted: Whether a user ended it early.
        test: Figures of the kept weights on the test split.
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

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.folder / "model.keras"


def train(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Train a recipe and keep the weights of its best epoch on the validation split.

    The same seed gives the same weights on the same machine. Ctrl-C ends training after the epoch that was best so
    far; the run folder is complete then too.

    Args:
        recipe: What to train.
        data: Its training images are split anew, by the recipe's own number of validation images.
        folder: The run folder to write.
        epochs: Instead of the recipe's.
        batch_size: Instead of the recipe's.
        seed: Of weights, order, dropout and augmentation.
        force: Replace a run that is there.
        progress: Told the epochs done.

    Raises:
        OutputError: The folder holds a run already.
        UsageError: No epochs or an empty batch.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    refuse_overwrite(folder / "model.keras", force)
    recipe = replace(recipe, epochs=epochs or recipe.epochs, batch_size=batch_size or recipe.batch_size)
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise UsageError("a recipe needs at least one epoch and one image a batch")
    data = data.with_validation(recipe.validation_images)
    keras = load_keras()
    _seed_everything(keras, seed)
    model = build(recipe)
    checkpoint = _checkpoint(keras, recipe, folder / "model.keras", progress)
    started = time.perf_counter()
    interrupted = _fit(keras, model, recipe, data, seed, checkpoint)
    if checkpoint.kept is None:
        raise ModelError("training was interrupted before its first epoch ended; nothing was kept")
    model.set_weights(checkpoint.weights)
    predictor = KerasClassifier(model, recipe.name)
    test = score(predict(predictor, data.test), data.test.labels, recipe.name, predictor.runtime)
    run = Run(
        folder=folder,
        recipe=recipe.name,
        seed=seed,
        parameters=model.count_params(),
        epochs=tuple(checkpoint.rows),
        kept=checkpoint.kept,
        seconds=round(time.perf_counter() - started, 1),
        interrupted=interrupted,
        test=test,
    )
    _write_report(run, recipe, data, keras)
    return run


def finished_run(folder: Path, recipe: Recipe, data: Dataset, seed: int) -> Run | None:
    """The run in `folder` if it was trained to its end by this recipe, data and seed; else None."""
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        facts = (metrics["recipe"], metrics["data"]["sha256"], metrics["seed"], metrics["interrupted"])
        if facts != (json.loads(json.dumps(asdict(recipe))), data.sha256, seed, False):
            return None
        test = predict(KerasClassifier(load_keras().models.load_model(folder / "model.keras"), recipe.name), data.test)
    except (OSError, ValueError, KeyError):
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
        test=score(test, data.test.labels, recipe.name, f"keras {load_keras().__version__}"),
    )


def _seed_everything(keras: Any, seed: int) -> None:
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        load_tensorflow().config.experimental.enable_op_determinism()


def _fit(keras: Any, model: Any, recipe: Recipe, data: Dataset, seed: int, checkpoint: Any) -> bool:
    """Run the epochs; True where Ctrl-C ended them."""
    steps = recipe.epochs * -(-len(data.training) // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss=recipe.loss, metrics=["accuracy"])
    validation = as_input(data.validation.images), _targets(recipe, data.validation)
    shared = {
        "epochs": recipe.epochs,
        "validation_data": validation,
        "callbacks": [checkpoint, keras.callbacks.TerminateOnNaN()],
        "verbose": 0,
    }
    try:
        if recipe.augmentation:
            model.fit(augmented_batches(recipe, data.training, seed), **shared)
        else:
            images = as_input(data.training.images)
            model.fit(images, _targets(recipe, data.training), batch_size=recipe.batch_size, **shared)
    except KeyboardInterrupt:
        return True
    return False


def _targets(recipe: Recipe, split: Split) -> Any:
    if recipe.loss == "categorical_crossentropy":
        return np.eye(10, dtype=np.float32)[split.labels]
    return split.labels


def _checkpoint(keras: Any, recipe: Recipe, path: Path, progress: Progress) -> Any:
    """A callback that keeps the best weights, in memory and in the run folder, and stops when they stay the best."""

    class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[dict[str, float]] = []
            self.kept: int | None = None
            self.weights: list[Any] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = self.params["steps"] or 1
            if batch % 20 == 0:
                note = (
                    f"epoch {len(self.rows) + 1}, validation {self.rows[-1]['val_accuracy']:.2%}" if self.rows else ""
                )
                progress(len(self.rows) + (batch + 1) / steps, recipe.epochs, note)

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            row = {name: float(logs[name]) for name in ("accuracy", "loss", "val_accuracy", "val_loss")}
            if not np.isfinite(row["val_loss"]):
                raise ModelError(f"the loss became {row['val_loss']} in epoch {epoch + 1}; try a smaller learning rate")
            self.rows.append(row)
            if self.kept is None or _goodness(row) > _goodness(self.rows[self.kept]):
                self.kept, self.weights = epoch, self.model.get_weights()
                write_whole(path, self.model.save)
            elif epoch - self.kept >= recipe.patience:
                self.model.stop_training = True
            progress(epoch + 1, recipe.epochs, f"validation {row['val_accuracy']:.2%}")

    return Checkpoint()


def _goodness(row: dict[str, float]) -> tuple[float, float]:
    return row["val_accuracy"], -row["val_loss"]


def _write_report(run: Run, recipe: Recipe, data: Dataset, keras: Any) -> None:
    report = {
        "recipe": asdict(recipe),
        "seed": run.seed,
        "versions": {
            "mnist-edge": mnist_edge.__version__,
            "keras": keras.__version__,
            keras.backend.backend(): _backend_version(keras.backend.backend()),
            "numpy": np.__version__,
        },
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "training": len(data.training),
            "validation": len(data.validation),
            "test": len(data.test),
        },
        "parameters": run.parameters,
        "epochs": list(run.epochs),
        "kept_epoch": run.kept + 1,
        "seconds": run.seconds,
        "interrupted": run.interrupted,
        "test": run.test.to_json(),
    }
    write_text(run.folder / "metrics.json", json.dumps(report, indent=2) + "\n")
    best = run.epochs[run.kept]["val_accuracy"]
    title = f"{run.recipe}, seed {run.seed}: validation {best:.2%}, test {run.test.accuracy:.2%}"
    plot_curves(run.epochs, run.kept, title, run.folder / "curves.png")
    plot_confusion(run.test, run.folder / "confusion.png")


def _backend_version(backend: str) -> str:
    from importlib.metadata import version

    return version(backend)
