"""Keeping the epoch that is wanted, and all that a training needs to go on after it was broken off."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_atomically
from mnist_edge.errors import ModelError
from mnist_edge.models.recipes import Recipe
from mnist_edge.progress import Progress

# A .keras file, optimiser included, with one entry more: one file, so that the two can never be of different epochs.
STATE = "unfinished.keras"
_ENTRY = "training.json"


def read_state(folder: Path) -> dict[str, Any] | None:
    """What an unfinished training in `folder` left: `rows`, `kept`, `seconds`; None where there is none."""
    try:
        with zipfile.ZipFile(folder / STATE) as archive:
            return dict(json.loads(archive.read(_ENTRY)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def make_checkpoint(keras: Any, recipe: Recipe, folder: Path, progress: Progress, state: dict[str, Any] | None) -> Any:
    """A callback that keeps the weights that are wanted and the training's state, in memory and in the run folder.

    Args:
        keras: The module.
        recipe: Its monitor and patience decide what is best and when to stop.
        folder: The run folder.
        progress: Told the epochs done.
        state: Of the training that goes on, as `read_state` gives it.
    """

    class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[dict[str, float]] = state["rows"] if state else []
            self.kept: int | None = state["kept"] if state else None
            self.weights: list[Any] = []
            self.seconds_before = state["seconds"] if state else 0.0
            self.started = time.perf_counter()
            if state:
                self.weights = keras.models.load_model(folder / "model.keras", compile=False).get_weights()

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
            rows = [*self.rows, row]
            better = self.kept is None or _is_better(recipe, row, rows[self.kept])
            if better:
                self.weights = self.model.get_weights()
            self.rows, self.kept = rows, epoch if better else self.kept
            try:
                self._write(better)
            # The epoch is done: what lies in the folder is what will be measured.
            except KeyboardInterrupt:
                self._write(better)
                raise
            self.model.stop_training = self.is_done
            progress(epoch + 1, recipe.epochs, f"validation {row['val_accuracy']:.2%}")

        @property
        def is_done(self) -> bool:
            """Whether all epochs are trained, or validation has stopped improving for as long as patience lasts."""
            epochs = len(self.rows)
            return epochs >= recipe.epochs or (self.kept is not None and epochs - 1 - self.kept >= recipe.patience)

        @property
        def seconds(self) -> float:
            """Spent in training, before an interruption too."""
            return round(self.seconds_before + time.perf_counter() - self.started, 1)

        def _write(self, better: bool) -> None:
            # A crash between the two leaves the state one epoch behind the model: that epoch comes out the same again.
            if better:
                write_atomically(folder / "model.keras", self.model.save)

            def write(path: Path) -> None:
                self.model.save(path)
                dropout = {layer.name: np.asarray(layer.seed_generator.state).tolist() for layer in _random(self.model)}
                found = {"rows": self.rows, "kept": self.kept, "seconds": self.seconds, "dropout": dropout}
                with zipfile.ZipFile(path, "a") as archive:
                    archive.writestr(_ENTRY, json.dumps(found))

            write_atomically(folder / STATE, write)

    return Checkpoint()


def restore_dropout(model: Any, state: dict[str, Any]) -> None:
    """Let dropout go on where it was: Keras does not save its random state."""
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
