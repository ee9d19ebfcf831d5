"""The pictures of a run are whole PNG files that show what they are given."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge.evaluate import score
from mnist_edge.models.plots import plot_confusion, plot_curves
from mnist_edge.opencv import cv2


def test_curves_show_the_epochs(tmp_path: Path) -> None:
    rows = [{"accuracy": at, "loss": 1 - at, "val_accuracy": at, "val_loss": 1 - at} for at in (0.5, 0.9, 0.8)]
    for name, epochs in (("all", rows), ("one", rows[:1])):
        plot_curves(epochs, 0, "a run", tmp_path / f"{name}.png")
    pictures = [cv2.imread(str(tmp_path / f"{name}.png")) for name in ("all", "one")]
    assert all(picture.shape == (480, 1200, 3) for picture in pictures)
    assert (pictures[0] != pictures[1]).any()


@pytest.mark.parametrize("wrong", [0, 5])
def test_mistakes_are_coloured(tmp_path: Path, wrong: int) -> None:
    labels = np.arange(50, dtype=np.uint8) % 10
    predicted = labels.copy()
    predicted[:wrong] = 9
    figures = score(np.eye(10, dtype=np.float32)[predicted], labels, "a model", "none")
    plot_confusion(figures, tmp_path / "confusion.png")
    picture = cv2.imread(str(tmp_path / "confusion.png")).astype(int)
    # The scale of oranges: blue falls far behind red where there are mistakes, and nowhere else.
    assert bool((picture[..., 2] - picture[..., 0] > 100).any()) == bool(wrong)
