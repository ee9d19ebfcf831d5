"""Texts with their corners, as OCR engines give them, as digits with boxes, so that all are scored alike.

An engine of texts tells where a character, a word or a line is, with a margin. So it is given every benefit that costs
it nothing: where a text has several characters, its quadrilateral is divided evenly among them along its writing, what
is no digit is dropped (but takes its share), and each share is shrunk to the ink in it, as labelled boxes are tight.
What is in one row is told from the digits' places, by the code that makes our rows, so that a row which an engine gives
in pieces counts as one. None of this is in its time.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.suite.picture_engines import Corners, Text
from mnist_edge.camera.reader.rows import in_reading_order
from mnist_edge.reading import Box, Digit, Reading


def digits_of(texts: Sequence[Text], picture: NDArray[np.uint8], tight: bool) -> list[Digit]:
    """Return the digits of texts.

    Args:
        texts: What an engine read in a picture.
        picture: Shape (height, width, 3), BGR.
        tight: Whether each text is one digit with its box around the ink.
    """
    found = []
    for text, corners in texts:
        characters = [one for one in text if not one.isspace()]
        for place, one in enumerate(characters):
            if one not in "0123456789":
                continue
            share = _share(corners, place / len(characters), (place + 1) / len(characters))
            box = share if tight else _shrunk(share, picture)
            if box.area:
                found.append(Digit(int(one), 1.0, box, 0))
    return found


def as_reading(digits: Sequence[Digit], width: int, height: int, name: str, milliseconds: float) -> Reading:
    """Put the digits of a picture in rows as ours are."""
    ordered, text = in_reading_order(digits)
    return Reading(name, width, height, "", "", ordered, text, milliseconds={"total": milliseconds})


def _share(corners: Corners, begin: float, end: float) -> Box:
    """The upright box around a part of a quadrilateral, from and to a share of its writing, 0 to 1."""
    start, stop, below_stop, below_start = (np.array(corner) for corner in corners)
    points = np.array(
        [start + at * (stop - start) for at in (begin, end)]
        + [below_start + at * (below_stop - below_start) for at in (begin, end)]
    )
    x, y = np.floor(points.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0)).astype(int).tolist()
    return Box(x, y, right - x, bottom - y)


def _shrunk(box: Box, picture: NDArray[np.uint8]) -> Box:
    """The box around the ink in a box: what Otsu's threshold tells from the paper, dark or light, whichever is less."""
    from mnist_edge.opencv import cv2

    left, top = max(box.x, 0), max(box.y, 0)
    part = np.ascontiguousarray(picture[top : max(box.bottom, top), left : max(box.right, left)])
    if not part.size:
        return Box(left, top, 0, 0)
    # Red ink has no contrast in the red channel.
    dark = cv2.threshold(part.min(axis=2), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    x, y, width, height = cv2.boundingRect(dark if 2 * np.count_nonzero(dark) <= dark.size else 255 - dark)
    return Box(left + x, top + y, width, height)
