"""The ink of a generated page: every mark drawn with a pen, and the truth about the digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.marks import Mark
from mnist_edge.models.pages.paper import View
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from mnist_edge.strokes import Pen, fill, render

LEAST_INK = 0.45  # of a digit's: less of it left by a dry pen is no digit
INKED = 128  # a pixel of this much ink, of 255, belongs to a digit


@dataclass(slots=True)
class Ink:
    """What was written, where the picture shows it.

    Attributes:
        layer: All ink, shape (height, width), 0 to 255.
        digits: The ink of the digits alone.
        boxes: Of the digits, in the order of the marks.
        touching: Whether two digits touch.
    """

    layer: NDArray[np.uint8]
    digits: NDArray[np.uint8]
    boxes: list[Box]
    touching: bool = False


def write_marks(
    marks: Sequence[Mark],
    view: View,
    conditions: Conditions,
    digit_height: float,
    frame: tuple[int, int],
    rng: np.random.Generator,
) -> Ink:
    """Draw marks with the conditions' pen where the camera sees them."""
    ink = Ink(np.zeros(frame, np.uint8), np.zeros(frame, np.uint8), [])
    scale = float(np.sqrt(abs(np.linalg.det(view.matrix[:2, :2])))) / float(view.matrix[2, 2])
    for mark in marks:
        width = max(1.3, min(conditions.pen * digit_height, mark.thickest) * scale)
        strokes = [view.project(stroke) for stroke in mark.strokes]
        if mark.filled:
            drawn = fill(strokes, conditions.bold * scale)
        elif mark.label is None:
            drawn = render(strokes, Pen(width, 0.0, conditions.dry), rng)
        else:
            drawn = render(strokes, Pen(width, conditions.pressure, conditions.dry), rng)
            if conditions.dry and drawn[0].sum() < LEAST_INK * (full := render(strokes, Pen(width), rng))[0].sum():
                drawn = full
        if mark.label is not None:
            ink.boxes.append(_box(*drawn, frame))
            ink.touching |= _meets(ink.digits, *drawn)
            stamp(ink.digits, *drawn)
        stamp(ink.layer, *drawn)
    return ink


def _window(layer: NDArray[np.uint8], drawn: NDArray[np.uint8], x: int, y: int) -> tuple[NDArray[np.uint8], ...]:
    """The part of the layer that a drawing at (x, y) covers, and the part of the drawing that is on the layer."""
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + drawn.shape[1], layer.shape[1]), min(y + drawn.shape[0], layer.shape[0])
    if right <= left or bottom <= top:
        return layer[:0, :0], drawn[:0, :0]
    return layer[top:bottom, left:right], drawn[top - y : bottom - y, left - x : right - x]


def stamp(layer: NDArray[np.uint8], drawn: NDArray[np.uint8], x: int, y: int) -> None:
    """Add a drawing at (x, y) to a layer."""
    under, over = _window(layer, drawn, x, y)
    np.maximum(under, over, out=under)


def _meets(layer: NDArray[np.uint8], drawn: NDArray[np.uint8], x: int, y: int) -> bool:
    """Whether the ink of a drawing overlaps that of the layer, or is next to it."""
    under, over = _window(layer, drawn, x, y)
    if not under.size:
        return False
    grown = cv2.dilate(over, np.ones((3, 3), np.uint8))
    return bool(((under >= INKED) & (grown >= INKED)).any())


def _box(drawn: NDArray[np.uint8], x: int, y: int, frame: tuple[int, int]) -> Box:
    left, top, width, height = cv2.boundingRect(np.asarray(drawn >= INKED, np.uint8))
    left, top, right, bottom = left + x, top + y, left + x + width, top + y + height
    left, top = max(left, 0), max(top, 0)
    return Box(left, top, min(right, frame[1]) - left, min(bottom, frame[0]) - top)
