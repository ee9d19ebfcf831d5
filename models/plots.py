"""Pictures of a training run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_atomically
from mnist_edge.evaluate import Evaluation
from mnist_edge.optional_packages import require

# Classes whose counts have room in the confusion matrix.
MOST_COUNTED = 20


def new_figure(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    """A figure of `width` x `height` inches with `columns` axes, drawn without a display.

    Raises:
        PackageMissing: matplotlib is not installed.
    """
    require("matplotlib", extra="train").use("Agg")
    pyplot = require("matplotlib.pyplot", extra="train")
    figure, axes = pyplot.subplots(1, columns, figsize=(width, height), layout="constrained")
    return figure, axes


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure, whole, and forget it."""
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120))
    require("matplotlib.pyplot", extra="train").close(figure)


def plot_curves(epochs: Sequence[dict[str, float]], kept: int, title: str, path: Path) -> None:
    """Accuracy and loss of training and validation over the epochs.

    Args:
        epochs: One row an epoch with `accuracy` where it is measured, `loss`, and the same of validation as `val_...`.
        kept: Index of the epoch whose weights were kept.
        title: Of the figure.
        path: The PNG to write.
    """
    quantities = [name for name in ("accuracy", "loss") if name in epochs[0]]
    figure, axes = new_figure(5 * len(quantities), 4, columns=len(quantities))
    figure.suptitle(title)
    numbers = range(1, len(epochs) + 1)
    for axis, quantity in zip(np.atleast_1d(axes), quantities, strict=True):
        axis.plot(numbers, [row[quantity] for row in epochs], "o-", label="training")
        axis.plot(numbers, [row[f"val_{quantity}"] for row in epochs], "o-", label="validation")
        axis.axvline(kept + 1, color="grey", linestyle=":", label="kept")
        axis.set(xlabel="epoch", ylabel=quantity)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
        axis.grid(alpha=0.3)
    save_figure(figure, path)


def plot_confusion(evaluation: Evaluation, path: Path) -> None:
    """The confusion matrix; colour shows mistakes only, on a scale of their own. Few classes show their counts."""
    confusion, names = np.array(evaluation.confusion), [one.name for one in evaluation.per_class]
    side = max(5.6, 0.22 * len(names) + 1)
    figure, axis = new_figure(side + 0.4, side)
    mistakes = confusion - np.diag(confusion.diagonal())
    axis.imshow(mistakes, cmap="Oranges")
    for row, column in np.argwhere(confusion) if len(names) <= MOST_COUNTED else ():
        weight = "bold" if row == column else "normal"
        colour = "white" if mistakes[row, column] > 0.6 * mistakes.max() else "black"
        count = int(confusion[row, column])
        axis.text(column, row, count, ha="center", va="center", size=8, weight=weight, color=colour)
    turn = {"rotation": 90} if max(map(len, names)) > 2 else {}
    places = range(len(names))
    axis.set(yticks=places, yticklabels=names, xlabel="said", ylabel="true")
    axis.set_xticks(places, names, **turn)
    axis.set_title(f"{evaluation.model}: {evaluation.correct} of {evaluation.images} ({evaluation.accuracy:.2%})")
    save_figure(figure, path)
