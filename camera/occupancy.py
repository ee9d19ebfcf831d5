"""A coarse grid of what is occupied in a picture, and the search for free places in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Most cells along the longer side: two pixels a cell in a camera's frame.
CELLS = 320
# Most free places that are tried, the nearest first.
TRIES = 5
# More than the square of any distance, pixels.
FAR = 1 << 60
Size = tuple[int, int]
Line = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """An occupancy grid. What touches a cell occupies all of it, so that nothing overlaps by rounding.

    Attributes:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        cell: Side of a cell, pixels.
        counts: Shape (rows, columns), uint8: how many things lie on each cell.
    """

    width: int
    height: int
    cell: int
    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, width: int, height: int) -> "Occupancy":
        """Return the grid of an empty picture."""
        cell = -(-max(width, height) // CELLS)
        return cls(width, height, cell, np.zeros((-(-height // cell), -(-width // cell)), np.uint8))

    def occupy(self, box: Box) -> None:
        """Count a box."""
        cells = self._cells(box)
        cells += 1

    def occupy_line(self, line: Line) -> None:
        """Count a thin line."""
        self.counts[self._along(line)] += 1

    def is_free(self, box: Box, most: int = 0) -> bool:
        """Return whether a box lies within the picture, and nowhere on more than `most` things."""
        return Box(0, 0, self.width, self.height).encloses(box) and bool(self._cells(box).max(initial=0) <= most)

    def snapped(self, box: Box) -> Box:
        """Return the part of the picture whose cells a box touches."""
        left, top = (max(at, 0) // self.cell * self.cell for at in box[:2])
        right = min(-(-box.right // self.cell) * self.cell, self.width)
        bottom = min(-(-box.bottom // self.cell) * self.cell, self.height)
        return Box(left, top, right - left, bottom - top)

    def nearest(self, box: Box, size: Size, reach: int) -> tuple[Box, Line] | None:
        """Find the nearest free place of a size that a line can connect with a box without crossing anything.

        Args:
            box: What the place should be near to.
            size: Width and height of the place, pixels.
            reach: Greatest distance from the box, pixels.

        Returns:
            The place, which begins at a whole cell, and the line; None where there is none.
        """
        lefts, tops = self._free_places(box, size, reach)
        if not len(lefts):
            return None
        squares = _gaps(lefts, size[0], box.x, box.width) ** 2 + _gaps(tops, size[1], box.y, box.height) ** 2
        for _ in range(TRIES):
            index = squares.argmin()
            if squares[index] > reach**2:
                return None
            place = Box(int(lefts[index]), int(tops[index]), *size)
            line = self._clipped(_between(place, box))
            if not self.counts[self._along(line)][1:-1].any():
                return place, line
            # The lines of its neighbours are hardly better.
            squares[(abs(lefts - place.x) < size[0] // 2) & (abs(tops - place.y) < size[1] // 2)] = FAR
        return None

    def _free_places(self, box: Box, size: Size, reach: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Left and upper edges, shape (n,), of all free places around a box."""
        columns, rows = (-(-side // self.cell) for side in size)
        left, top = (max(at - reach - side, 0) // self.cell for at, side in zip(box[:2], size, strict=True))
        right = min(box.right + reach + size[0], self.width) // self.cell
        bottom = min(box.bottom + reach + size[1], self.height) // self.cell
        window = self.counts[top:bottom, left:right]
        if window.shape[1] < columns or window.shape[0] < rows:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        sums = cv2.integral(np.minimum(window, 1))
        occupied = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
        y, x = np.nonzero(occupied == 0)
        return (x + left) * self.cell, (y + top) * self.cell

    def _cells(self, box: Box) -> NDArray[np.uint8]:
        top, left = max(box.y, 0) // self.cell, max(box.x, 0) // self.cell
        return self.counts[top : -(-box.bottom // self.cell), left : -(-box.right // self.cell)]

    def _clipped(self, line: Line) -> Line:
        """Move the ends of a line into the picture."""
        (x, y), (to_x, to_y) = line
        right, bottom = self.width - 1, self.height - 1
        return (min(max(x, 0), right), min(max(y, 0), bottom)), (min(max(to_x, 0), right), min(max(to_y, 0), bottom))

    def _along(self, line: Line) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the cells that a line touches."""
        (x, y), (to_x, to_y) = line
        steps = 1 + max(abs(to_x - x), abs(to_y - y)) // self.cell
        at = np.arange(steps + 1)
        columns, rows = ((start + (end - start) * at // steps) // self.cell for start, end in ((x, to_x), (y, to_y)))
        return rows, columns


def _gaps(starts: NDArray[np.intp], size: int, start: int, extent: int) -> NDArray[np.intp]:
    """Pixels between spans of one size that begin at `starts` and another span, 0 where they overlap."""
    return np.maximum(np.maximum(start - (starts + size), starts - (start + extent)), 0)


def _between(box: Box, other: Box) -> Line:
    """The line between the points of two boxes that are nearest to the other's middle."""
    return _towards(box, other), _towards(other, box)


def _towards(box: Box, other: Box) -> tuple[int, int]:
    x, y = other.x + other.width // 2, other.y + other.height // 2
    return min(max(x, box.x), box.right - 1), min(max(y, box.y), box.bottom - 1)
