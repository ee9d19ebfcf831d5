"""Keeping the best epoch while a training goes on."""

from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.errors import ModelError
from mnist_edge.files import write_whole
from mnist_edge.models.recipes import Recipe
from mnist_edge.progress import Progress


def make_checkpoint(keras: Any, recipe: Recipe, path: Path, progress: Progress) -> Any:
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
            if self.kept is None or _goodness(recipe, row) > _goodness(recipe, self.rows[self.kept]):
                # The file first: Ctrl-C during the writing leaves the epoch before, in the file and here.
                weights = self.model.get_weights()
                write_whole(path, self.model.save)
                self.kept, self.weights = epoch, weights
            elif epoch - self.kept >= recipe.patience:
                self.model.stop_training = True
            progress(epoch + 1, recipe.epochs, f"validation {row['val_accuracy']:.2%}")

    return Checkpoint()


def _goodness(recipe: Recipe, row: dict[str, float]) -> tuple[float, float]:
    accuracy = row["val_accuracy"] if recipe.monitor == "val_accuracy" else 0.0
    return accuracy, -row["val_loss"]
