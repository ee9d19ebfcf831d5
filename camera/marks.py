"""Draw fields over the live picture, each with its value in the colour of its trust."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.label_layout import place_labels
from mnist_edge.camera.lettering import paste, plate
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.camera.palette import UNSURE, Colour, confidence_colour, percent
from mnist_edge.camera.rows import Mark
from mnist_edge.opencv import cv2
from mnist_edge.reading import Digit

# Of a field whose value is not known yet.
WAITING: Colour = (90, 90, 90)
# Outcomes at which nobody has to look.
SETTLED = ("read", "empty")
# What stands for a value that is empty, and how many of its characters are drawn.
EMPTY, MOST = "-", 24
# Height of a value as a share of the picture's longer side, and of its name and trust as a share of that; but no less
# than so many pixels.
SIZE, SECOND, LEAST = 1 / 72, 0.7, 8


def covers(mark: Mark, digit: Digit) -> bool:
    """Return whether a field has a value, and a digit is a part of it."""
    return mark.value is not None and mark.box.contains(*digit.box.centre)


def draw_marks(picture: NDArray[np.uint8], marks: Sequence[Mark], occupancy: Occupancy) -> None:
    """Draw the outline of each field, and its value where there is room for it.

    Args:
        picture: Shape (height, width, 3), BGR; drawn into.
        marks: The fields.
        occupancy: What is occupied; fields that have a value and all labels are added.
    """
    longest = max(picture.shape[:2])
    capital, thickness = max(LEAST, round(SIZE * longest)), max(1, round(longest / 500))
    for mark in marks:
        outline = np.rint(np.array(mark.corners)).astype(np.int32)
        cv2.polylines(picture, [outline], True, _colour(mark), thickness, cv2.LINE_AA)
        if mark.value:
            occupancy.occupy(mark.box)
    plates = [_plates(mark, capital) for mark in marks]
    sizes = [[(drawn.shape[1], drawn.shape[0]) for drawn in options] for options in plates]
    places = place_labels([mark.box for mark in marks], sizes, occupancy)
    for options, placed in zip(plates, places, strict=True):
        if placed:
            paste(picture, options[placed.option], placed.box.x, placed.box.y)


def _colour(mark: Mark) -> Colour:
    if mark.value is None:
        return WAITING
    return confidence_colour(mark.value.trust) if mark.value.outcome in SETTLED else UNSURE


def _plates(mark: Mark, capital: int) -> list[NDArray[np.uint8]]:
    """Draw a label in the ways that it may have: with name and trust, with the trust, and the value alone."""
    name = mark.name[:MOST]
    if mark.value is None:
        return [plate(((name, capital),), WAITING)] * 3
    text = (mark.value.text.replace("\n", " / ") or EMPTY)[:MOST]
    small = max(LEAST, round(SECOND * capital))
    value, trust = (text, capital), (f"{percent(mark.value.trust)}%", small)
    words = ((name, small), value, trust), (value, trust), (value,)
    return [plate(way, _colour(mark)) for way in words]
