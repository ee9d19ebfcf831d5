"""A mark on a generated page, and how near two marks may come."""

from dataclasses import dataclass, replace

import numpy as np

from mnist_edge.strokes import Stroke


@dataclass(frozen=True, slots=True)
class Mark:
    """One digit, letter or scribble on the page.

    Attributes:
        strokes: In pixels of the page.
        label: 0 to 9, or None for what is no digit.
        row: Of digits, from the top.
        space: Whether a word's gap is before it.
        thickest: Pen that it is written with at most, pixels.
        filled: Whether the strokes are closed contours to fill, those of a typeface.
    """

    strokes: list[Stroke]
    label: int | None = None
    row: int = 0
    space: bool = False
    thickest: float = np.inf
    filled: bool = False

    @property
    def left(self) -> float:
        """Its left edge, pixels."""
        return float(min(stroke[:, 0].min() for stroke in self.strokes))

    @property
    def right(self) -> float:
        """Its right edge, pixels."""
        return float(max(stroke[:, 0].max() for stroke in self.strokes))

    def shifted(self, x: float, y: float = 0.0) -> "Mark":
        """The same mark at another place."""
        return replace(self, strokes=[stroke + np.array((x, y)) for stroke in self.strokes])


@dataclass(frozen=True, slots=True)
class Area:
    """Where a page is written on, pixels; (left, top) is the corner."""

    left: float
    top: float
    right: float
    bottom: float


def clearance(left: Mark, right: Mark, step: float) -> float:
    """How far `right` may move to the left until the centre lines meet; negative where it must move away.

    Args:
        left: Stays.
        right: Moves.
        step: Height of the strips in which both are compared, pixels.
    """
    at_left, at_right = (np.concatenate(mark.strokes) for mark in (left, right))
    top = min(at_left[:, 1].min(), at_right[:, 1].min())
    levels = int((max(at_left[:, 1].max(), at_right[:, 1].max()) - top) / step) + 3
    edge, start = np.full(levels, -np.inf), np.full(levels, np.inf)
    for shift in (0, 1, 2):
        np.maximum.at(edge, ((at_left[:, 1] - top) / step).astype(int) + shift, at_left[:, 0])
        np.minimum.at(start, ((at_right[:, 1] - top) / step).astype(int) + shift, at_right[:, 0])
    distance = float((start - edge).min())
    return distance if np.isfinite(distance) else right.left - left.right
