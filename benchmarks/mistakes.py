"""The mistakes that a model makes with high confidence: listed, and drawn on the machine that has the images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import write_image
from mnist_edge.opencv import cv2

MOST = 24
COLUMNS = 6
ENLARGED = 5
_CAPTION = 26
_GAP = 8
_WHITE, _GREY, _RED = 255, (96, 96, 96), (40, 40, 200)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One image that was read wrong.

    Attributes:
        index: Its place in the split, from 0.
        true: Its label.
        said: The label that the model gave; the key in `models.json`.
        confidence: The confidence of that label, 0 to 1.
    """

    index: int
    true: int
    said: int
    confidence: float


def worst_mistakes(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], most: int = MOST
) -> tuple[Mistake, ...]:
    """Return the wrong labels with the highest confidence, worst first.

    Args:
        probabilities: Shape (n, 10).
        labels: The true digits, shape (n,).
        most: How many at most.
    """
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    # Stable, so that equal confidences, which int8 often gives, stay in the order of the images.
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return tuple(Mistake(int(k), int(labels[k]), int(predicted[k]), round(float(confidence[k]), 4)) for k in worst)


def draw_mistakes(images: NDArray[np.uint8], mistakes: Sequence[Mistake], title: str, path: Path) -> None:
    """Draw the images that were read wrong, dark on white, each with its label, the model's label and the confidence.

    Args:
        images: Shape (n, 28, 28, 1), which the mistakes' indices point into.
        mistakes: In the order in which they are drawn.
        title: The line above them.
        path: The picture to write; its suffix names the format.

    Raises:
        OutputError: OpenCV cannot write such a format.
    """
    side = 28 * ENLARGED
    rows = max(1, -(-len(mistakes) // COLUMNS))
    height, width = _CAPTION + rows * (side + _CAPTION + _GAP) + _GAP, COLUMNS * (side + _GAP) + _GAP
    sheet = np.full((height, width, 3), _WHITE, np.uint8)
    _write(sheet, title, (_GAP, _CAPTION - _GAP), _GREY)
    for place, mistake in enumerate(mistakes):
        row, column = divmod(place, COLUMNS)
        left, top = _GAP + column * (side + _GAP), _CAPTION + row * (side + _CAPTION + _GAP)
        digit = 255 - images[mistake.index, :, :, 0]
        tile = cv2.resize(digit, (side, side), interpolation=cv2.INTER_NEAREST)
        sheet[top : top + side, left : left + side] = tile[..., None]
        cv2.rectangle(sheet, (left, top), (left + side - 1, top + side - 1), (220, 220, 220))
        caption = f"{mistake.true} read as {mistake.said}, {mistake.confidence:.1%}"
        _write(sheet, caption, (left, top + side + 17), _RED)
    write_image(path, sheet)


def _write(sheet: NDArray[np.uint8], text: str, at: tuple[int, int], colour: Any) -> None:
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
