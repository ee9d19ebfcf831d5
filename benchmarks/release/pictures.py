"""The pictures in the documents: a page that is read, and the models that ship beside others."""

from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.release.frontier import plot_frontier, points_by_bytes, points_by_instructions
from mnist_edge.benchmarks.release.measured import read_instructions
from mnist_edge.benchmarks.release.robustness import Curve, Robustness, plot_robustness
from mnist_edge.benchmarks.released import read_released
from mnist_edge.camera.images import read_image, write_image
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import load
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page

# The generated page that is shown beside what is read on it.
PAGE_SEED = 27


def draw_reading(folder: Path) -> None:
    """Draw a generated page, `page.jpg`, and beside it what the model that ships reads on it, `page-read.jpg`."""
    page = draw_page(load().test, PAGE_SEED, Conditions(rows=3, lines="ruled"), width=640, height=480)
    write_image(folder / "page.jpg", page.image)
    image = read_image(str(folder / "page.jpg"))
    reading = Reader().read(image)
    status = f"read: {' / '.join(reading.text)}    written: {' / '.join(page.text)}"
    write_image(folder / "page-read.jpg", np.hstack([image, annotate(image, reading, status)]))


def draw_models(recipes: dict[str, Any], published: list[dict[str, Any]], folder: Path) -> None:
    """Draw the two pictures of `docs/models.md`: accuracy against cost, and accuracy under perturbations."""
    released = read_released()
    of_no_size = next(row for row in published if not row["bytes"] and not row["parameters"])
    plot_frontier(
        points_by_bytes(released, recipes, published),
        points_by_instructions(released, recipes, read_instructions()),
        folder / "models.png",
        (of_no_size["name"], of_no_size["accuracy_percent"]),
    )
    plot_robustness([_robustness(figures["robustness"]) for figures in released.values()], folder / "robustness.png")


def _robustness(found: dict[str, Any]) -> Robustness:
    return Robustness(**found | {"curves": tuple(Curve(**curve) for curve in found["curves"])})
