"""After each epoch: the best weights, and all that an interrupted training needs to be resumed."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_atomically
from mnist_edge.errors import ModelError
from mnist_edge.models.mixed_precision import in_single
from mnist_edge.models.recipes import Recipe
from mnist_edge.progress import Progress

# A .keras file, optimiser included, with one entry more: one file, so that the two can never be of different epochs.
STATE = "unfinished.keras"
_ENTRY = "training.json"
_PROGRESS_BATCHES = 20  # between two reports of progress


def read_state(folder: Path) -> dict[str, Any] | None:
    """Read what an unfinished training left in a folder: `rows`, `kept`, `seconds`, `dropout`; None: nothing."""
    try:
        with zipfile.ZipFile(folder / STATE) as archive:
            return dict(json.loads(archive.read(_ENTRY)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


class Checkpoint:
    """The epochs of a training so far, in memory and in the run folder.

    Attributes:
        rows: Figures of each epoch.
        kept: Index of the epoch whose weights are kept; None before the first has ended.
        weights: Those weights.
    """

    def __init__(
        self, keras: Any, recipe: Recipe, folder: Path, progress: Progress, state: dict[str, Any] | None
    ) -> None:
        """Begin, or go on where a training was interrupted.

        Args:
            keras: The module.
            recipe: Its monitor and patience decide which epoch is best and when to stop.
            folder: The run folder.
            progress: Called with the number of epochs done.
            state: Of the training that is resumed, as `read_state` gives it.
        """
        self._keras, self._recipe, self._folder, self._progress = keras, recipe, folder, progress
        state = state or {"rows": [], "kept": None, "seconds": 0.0}
        self.rows: list[dict[str, float]] = state["rows"]
        self.kept: int | None = state["kept"]
        self.weights: list[Any] = []
        if self.rows:
            self.weights = keras.models.load_model(folder / "model.keras", compile=False).get_weights()
        self._seconds_before: float = state["seconds"]
        self._started = time.perf_counter()

    @property
    def is_done(self) -> bool:
        """Whether all epochs are trained, or validation has stopped improving for as long as patience lasts."""
        epochs, recipe = len(self.rows), self._recipe
        return epochs >= recipe.epochs or (self.kept is not None and epochs - 1 - self.kept >= recipe.patience)

    @property
    def seconds(self) -> float:
        """Wall-clock time spent in training, before an interruption too."""
        return round(self._seconds_before + time.perf_counter() - self._started, 1)

    def callback(self) -> Any:
        """A Keras callback that reports progress, and keeps and writes each epoch."""
        callback: Any = self._keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: self._end_batch(
                batch, callback.params["steps"] or 1, callback.model.steps_per_execution
            ),
            on_epoch_end=lambda epoch, logs: self._end_epoch(callback.model, logs),
        )
        return callback

    def _end_batch(self, batch: int, steps: int, steps_a_call: int) -> None:
        if batch % _PROGRESS_BATCHES < steps_a_call:
            epochs = len(self.rows)
            note = f"epoch {epochs + 1}, validation {self.rows[-1]['val_accuracy']:.2%}" if self.rows else ""
            self._progress(epochs + min(batch + 1, steps) / steps, self._recipe.epochs, note)

    def _end_epoch(self, model: Any, logs: dict[str, float]) -> None:
        row = {name: float(logs[name]) for name in ("accuracy", "loss", "val_accuracy", "val_loss")}
        rows = [*self.rows, row]
        if not np.isfinite(row["val_loss"]):
            raise ModelError(f"the loss became {row['val_loss']} in epoch {len(rows)}; try a smaller learning rate")
        better = self.kept is None or _is_better(self._recipe, row, rows[self.kept])
        if better:
            self.weights = model.get_weights()
        self.rows, self.kept = rows, len(rows) - 1 if better else self.kept
        self._write(model, better)
        model.stop_training = self.is_done
        self._progress(len(rows), self._recipe.epochs, f"validation {row['val_accuracy']:.2%}")

    def _write(self, model: Any, better: bool) -> None:
        # A crash between the two leaves the state one epoch behind the model: that epoch comes out the same again.
        if better:
            write_atomically(self._folder / "model.keras", in_single(model).save)

        dropout = {layer.name: np.asarray(layer.seed_generator.state).tolist() for layer in _random(model)}
        found = {"rows": self.rows, "kept": self.kept, "seconds": self.seconds, "dropout": dropout}
        write_state(self._folder, model, found)


def write_state(folder: Path, model: Any, found: dict[str, Any]) -> None:
    """Write all that a training needs to be resumed: the model with its optimiser, and what `read_state` gives back."""

    def write(path: Path) -> None:
        model.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(_ENTRY, json.dumps(found))

    write_atomically(folder / STATE, write)


def restore_dropout(model: Any, state: dict[str, Any]) -> None:
    """Set dropout's random state, which Keras does not save, to that of the interrupted training."""
    for layer in _random(model):
        layer.seed_generator.state.assign(state["dropout"][layer.name])


def _random(model: Any) -> list[Any]:
    return [layer for layer in model.layers if hasattr(layer, "seed_generator")]


def _is_better(recipe: Recipe, row: dict[str, float], kept: dict[str, float]) -> bool:
    if recipe.monitor == "last":
        return True
    if recipe.monitor == "val_accuracy" and row["val_accuracy"] != kept["val_accuracy"]:
        return row["val_accuracy"] > kept["val_accuracy"]
    return row["val_loss"] < kept["val_loss"]
