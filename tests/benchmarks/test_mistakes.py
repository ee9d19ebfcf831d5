from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.mistakes import Mistake, draw_mistakes, worst_mistakes
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2


def probabilities(*rows: tuple[int, float]) -> np.ndarray:
    found = np.zeros((len(rows), 10), np.float32)
    for row, (predicted, confidence) in zip(found, rows, strict=True):
        row[:] = (1 - confidence) / 9
        row[predicted] = confidence
    return found


def test_the_surest_wrong_answers_come_first() -> None:
    predicted = probabilities((1, 0.9), (2, 0.6), (3, 0.99), (4, 0.8), (5, 0.8))
    labels = np.array([1, 7, 8, 9, 6], np.uint8)
    expected = (Mistake(2, 8, 3, 0.99), Mistake(3, 9, 4, 0.8), Mistake(4, 6, 5, 0.8), Mistake(1, 7, 2, 0.6))
    assert worst_mistakes(predicted, labels) == expected
    assert worst_mistakes(predicted, labels, most=2) == expected[:2]
    assert worst_mistakes(predicted, np.arange(1, 6, dtype=np.uint8)) == ()


def test_each_mistake_is_a_tile_with_its_image(tmp_path: Path) -> None:
    images = np.zeros((10, 28, 28, 1), np.uint8)
    images[3, 14:] = 255
    path = tmp_path / "sheet.png"
    draw_mistakes(images, [Mistake(0, 1, 2, 0.9)] * 6 + [Mistake(3, 4, 5, 0.8)], "a model", path)
    sheet = cv2.imread(str(path))
    top, below = sheet[26 : 26 + 140, 8:148], sheet[200:340, 8:148]
    # Ink is dark: the first image has none, the seventh fills its lower half.
    assert top[2:-2, 2:-2].min() == 255
    assert below[75:-5, 5:-5].max() == 0 and below[5:65, 5:-5].min() == 255


def test_no_mistakes_are_an_empty_sheet(tmp_path: Path) -> None:
    draw_mistakes(np.zeros((1, 28, 28, 1), np.uint8), [], "a model", tmp_path / "sheet.png")
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


def test_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no suffix of a picture"):
        draw_mistakes(np.zeros((1, 28, 28, 1), np.uint8), [], "a model", tmp_path / "sheet")
