"""A marking sheet that a plain hand filled, and the command that reads it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import Drawn, marks
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Split
from mnist_edge.reading import Box

MARKS = {"student": "204615", "q1": "12", "q2": "7", "q3": "", "q4": "20", "q5": "5", "q6": "14", "q7": "3", "q8": "9"}
TRUTH = MARKS | {"total": "70"}


@pytest.fixture(scope="session")
def hand(write_digit: Callable[..., Box]) -> Split:
    """One plain digit of each kind, as MNIST would have it."""
    images = np.zeros((10, 28, 28, 1), np.uint8)
    for label in range(10):
        write_digit(images[label, ..., 0], label, 8, 4, 19, 3, ink=255)
    return Split(images, np.arange(10, dtype=np.uint8))


@pytest.fixture(scope="session")
def sheet() -> Drawn:
    return marks()


@pytest.fixture(scope="session")
def form_file(sheet: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sheet.save(tmp_path_factory.mktemp("form"))


@pytest.fixture(scope="session")
def form_reader(form_file: Path) -> FormReader:
    return FormReader(load_form(form_file), Reader())
