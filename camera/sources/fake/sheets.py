"""Sheets of paper with a few rows of digits: what is held before the camera in generated videos."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2
from mnist_edge.strokes import PAPERS, PENS, Pen, Stroke, render

# A label and how it is written: height about 1.
Glyph = Callable[[np.random.Generator], tuple[int, list[Stroke]]]

# A sheet is larger than the picture, so that its edges stay outside when it is moved.
MARGIN = 0.14
# Share of the picture in the middle where digits are.
WRITTEN = 0.76

# Heights of digits, as shares of the picture's.
SIZES = 0.13, 0.2


@dataclass(frozen=True, slots=True)
class WrittenDigit:
    """One digit on a sheet.

    Attributes:
        label: 0 to 9.
        row: Index of its line, 0 at the top.
        path: Where the pen went, shape (n, 2), pixels of the sheet.
        pen: Width of the pen, pixels.
    """

    label: int
    row: int
    path: Stroke
    pen: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of paper.

    Attributes:
        image: Shape (height, width, 3), uint8, BGR, in even light.
        digits: In reading order; none on an empty sheet.
    """

    image: NDArray[np.uint8]
    digits: tuple[WrittenDigit, ...]


def write_sheet(
    glyph: Glyph, width: int, height: int, rng: np.random.Generator, sizes: tuple[float, float] = SIZES
) -> Sheet:
    """Write one to three rows of digits, none of which touch.

    Args:
        glyph: Which digit comes next, and how it is written.
        width: Of the picture that the sheet fills, pixels; the sheet has `MARGIN` of it more on each side.
        height: Of that picture, pixels.
        rng: Decides on everything else.
        sizes: Least and greatest height of a digit, as shares of the picture's.
    """
    size = rng.uniform(*sizes) * height
    rows = int(rng.integers(1, 1 + min(3, int(WRITTEN * height / (1.7 * size)))))
    pen = float(rng.uniform(0.07, 0.11) * size)
    ink = np.zeros((height + 2 * round(MARGIN * height), width + 2 * round(MARGIN * width)), np.uint8)
    digits: list[WrittenDigit] = []
    for row in range(rows):
        middle = ink.shape[0] / 2 + (row - (rows - 1) / 2) * 1.7 * size
        digits += _write_row(ink, glyph, row, middle, size, pen, WRITTEN * width, rng)
    return Sheet(_paper(ink, rng), tuple(digits))


def empty_sheet(width: int, height: int, rng: np.random.Generator) -> Sheet:
    """Nothing but paper; arguments as for `write_sheet`."""
    ink = np.zeros((height + 2 * round(MARGIN * height), width + 2 * round(MARGIN * width)), np.uint8)
    return Sheet(_paper(ink, rng), ())


def _write_row(
    ink: NDArray[np.uint8],
    glyph: Glyph,
    row: int,
    middle: float,
    size: float,
    pen: float,
    width: float,
    rng: np.random.Generator,
) -> list[WrittenDigit]:
    glyphs: list[tuple[int, list[Stroke], float]] = []
    x = 0.0
    for _ in range(int(rng.integers(2, 7))):
        label, strokes = glyph(rng)
        scale = size * rng.uniform(0.9, 1.1)
        strokes = [stroke * scale for stroke in strokes]
        points = np.concatenate(strokes)
        left, right = points[:, 0].min(), points[:, 0].max()
        if x + right - left > width:
            break
        place = np.array(
            [x - left, middle - (points[:, 1].min() + points[:, 1].max()) / 2 + rng.normal(0, 0.04) * size]
        )
        glyphs.append((label, [stroke + place for stroke in strokes], x + right - left))
        x += right - left + rng.uniform(0.4, 0.8) * size
    if not glyphs:
        return []
    start = np.array([(ink.shape[1] - glyphs[-1][2]) / 2, 0.0])
    written = []
    for label, strokes, _ in glyphs:
        strokes = [stroke + start for stroke in strokes]
        drawn, left, top = render(strokes, Pen(pen, pressure=0.15), rng)
        # The pen is thicker than the smallest sheets.
        drawn = drawn[max(0, -top) :, max(0, -left) :]
        window = ink[max(0, top) :, max(0, left) :][: drawn.shape[0], : drawn.shape[1]]
        np.maximum(window, drawn[: window.shape[0], : window.shape[1]], out=window)
        written.append(WrittenDigit(label, row, np.concatenate(strokes), pen))
    return written


def _paper(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The ink on grainy paper."""
    paper, pen = (np.array(colours[int(rng.integers(len(colours)))], np.float32) for colours in (PAPERS, PENS))
    grain = cv2.GaussianBlur(rng.standard_normal(ink.shape, np.float32), (0, 0), 1.2)
    share = 0.95 / 255 * ink.astype(np.float32)[..., None]
    page = (paper + 5 * grain[..., None]) * (1 - share) + pen * share
    return np.asarray(np.clip(page, 0, 255), np.uint8)
