"""Digits as pen paths in UNIPEN's text, as Pendigits' original files have them (Alpaydin and Alimoglu, UCI)."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.normalisation import normalise
from mnist_edge.untrusted import errors_as

# The path of a pen: shape (n, 2), x to the right and y down.
Stroke = NDArray[np.float64]
# The longer side that a digit is drawn with, in pixels, before it is normalised: enough for the thinnest pen.
DRAWN = 80
_SEGMENT = re.compile(r'^\.SEGMENT\s+DIGIT\b.*\?\s*"(\d)"', re.MULTILINE)
_DOWN = re.compile(r"^\.PEN_DOWN\s(.*?)^\.PEN_UP", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PenDigit:
    """A digit as it was written.

    Attributes:
        label: The digit.
        strokes: The path of the pen each time that it was down, y down, in units of the tablet.
    """

    label: int
    strokes: tuple[Stroke, ...]


def read_unipen(content: bytes, name: str) -> list[PenDigit]:
    """Read the digits of a file, those without any point left out.

    Args:
        content: Text, unpacked.
        name: Of the file, for messages.

    Raises:
        DataError: It holds no digits, or damaged ones.
    """
    with errors_as(DataError, name, "fetch it again"):
        # The first part stands before the first digit; then labels and what was written take turns.
        _, *parts = _SEGMENT.split(content.decode("latin-1"))
        digits = [PenDigit(int(label), _strokes(path)) for label, path in zip(parts[::2], parts[1::2], strict=True)]
    found = [digit for digit in digits if digit.strokes]
    if not found:
        raise DataError(f"{name} holds no digits in UNIPEN's form")
    return found


def _strokes(text: str) -> tuple[Stroke, ...]:
    paths = (np.array(found.split(), np.float64).reshape(-1, 2) * (1, -1) for found in _DOWN.findall(text))
    return tuple(path for path in paths if len(path))


def draw(digit: PenDigit, width: float, rng: np.random.Generator | None = None) -> NDArray[np.uint8]:
    """Draw a digit with a pen and normalise it.

    Args:
        digit: What was written.
        width: Of the pen, as a share of the digit's longer side: 0.03 is a hairline, 0.2 a marker.
        rng: Lets the pen press more and less along its way; None draws evenly.

    Returns:
        Shape (28, 28), 0 = background, 255 = full ink.
    """
    # Reading needs no OpenCV.
    from mnist_edge.strokes import Pen, render

    points = np.concatenate(digit.strokes)
    size = float(np.ptp(points, axis=0).max())
    scale = DRAWN / size if size else 1.0
    # A pen that only touched the tablet leaves a point.
    strokes = [(stroke if len(stroke) > 1 else stroke.repeat(2, axis=0)) * scale for stroke in digit.strokes]
    pen = Pen(max(width * DRAWN, 1.0), pressure=0.3 if rng else 0.0)
    ink, _, _ = render(strokes, pen, rng or np.random.default_rng(0))
    return normalise(ink)
