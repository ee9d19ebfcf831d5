"""What of a picture is taken, and where there is room for more."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# The map is at most so many cells wide and high: two pixels a cell in a camera's frame.
CELLS = 320
# Free places that are tried, the nearest first.
TRIES = 5
# More than the square of any distance, pixels.
FAR = 1 << 60
Size = tuple[int, int]
Line = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A coarse map of what is taken. What touches a cell takes all of it, so that nothing overlaps by rounding.

    Attributes:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        cell: Side of a cell, pixels.
        taken: Shape (rows, columns), uint8: how many things lie on each cell.
    """

    width: int
    height: int
    cell: int
    taken: NDArray[np.uint8]

    @classmethod
    def of(cls, width: int, height: int) -> "Room":
        """An empty picture."""
        cell = -(-max(width, height) // CELLS)
        return cls(width, height, cell, np.zeros((-(-height // cell), -(-width // cell)), np.uint8))

    def take(self, box: Box) -> None:
        """Note that something lies there."""
        cells = self._cells(box)
        cells += 1

    def take_line(self, line: Line) -> None:
        """Note a thin line."""
        self.taken[self._along(line)] += 1

    def holds(self, box: Box, most: int = 0) -> bool:
        """Whether a box lies within the picture, and nowhere on more than `most` things."""
        return Box(0, 0, self.width, self.height).encloses(box) and bool(self._cells(box).max(initial=0) <= most)

    def snapped(self, box: Box) -> Box:
        """The part of the picture whose cells a box touches: what begins beside it does not touch them."""
        left, top = (max(at, 0) // self.cell * self.cell for at in box[:2])
        right = min(-(-box.right // self.cell) * self.cell, self.width)
        bottom = min(-(-box.bottom // self.cell) * self.cell, self.height)
        return Box(left, top, right - left, bottom - top)

    def _inside(self, line: Line) -> Line:
        """A line whose ends are moved into the picture."""
        (x, y), (to_x, to_y) = line
        right, bottom = self.width - 1, self.height - 1
        return (min(max(x, 0), right), min(max(y, 0), bottom)), (min(max(to_x, 0), right), min(max(to_y, 0), bottom))

    def nearest(self, box: Box, size: Size, reach: int) -> tuple[Box, Line] | None:
        """The free place of a size, at most `reach` pixels from a box, that a line can tie to it, and that line.

        The line crosses nothing that is taken. The places lie at whole cells.
        """
        lefts, tops = self._free(box, size, reach)
        if not len(lefts):
            return None
        # Squared, to save time.
        far = _gaps(lefts, size[0], box.x, box.width) ** 2 + _gaps(tops, size[1], box.y, box.height) ** 2
        for _ in range(TRIES):
            index = far.argmin()
            if far[index] > reach**2:
                return None
            place = Box(int(lefts[index]), int(tops[index]), *size)
            line = self._inside(_between(place, box))
            if not self.taken[self._along(line)][1:-1].any():
                return place, line
            # Its neighbours' lines are hardly better.
            far[(abs(lefts - place.x) < size[0] // 2) & (abs(tops - place.y) < size[1] // 2)] = FAR
        return None

    def _free(self, box: Box, size: Size, reach: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Left and upper edges, shape (n,), of all free places around a box."""
        cells = [-(-side // self.cell) for side in size]
        start = [max(at - reach - side, 0) // self.cell for at, side in zip(box[:2], size, strict=True)]
        end = [
            min(at + extent + reach + side, most) // self.cell
            for at, extent, side, most in zip(box[:2], box[2:], size, (self.width, self.height), strict=True)
        ]
        window = self.taken[start[1] : end[1], start[0] : end[0]]
        if window.shape[1] < cells[0] or window.shape[0] < cells[1]:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        sums = cv2.integral(np.minimum(window, 1))
        right, below = cells
        full = sums[below:, right:] - sums[:-below, right:] - sums[below:, :-right] + sums[:-below, :-right]
        rows, columns = np.nonzero(full == 0)
        return (columns + start[0]) * self.cell, (rows + start[1]) * self.cell

    def _cells(self, box: Box) -> NDArray[np.uint8]:
        top, left = max(box.y, 0) // self.cell, max(box.x, 0) // self.cell
        return self.taken[top : -(-box.bottom // self.cell), left : -(-box.right // self.cell)]

    def _along(self, line: Line) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        (x, y), (to_x, to_y) = line
        steps = 1 + max(abs(to_x - x), abs(to_y - y)) // self.cell
        at = np.arange(steps + 1)
        columns, rows = ((start + (end - start) * at // steps) // self.cell for start, end in ((x, to_x), (y, to_y)))
        return rows, columns


def _gaps(starts: NDArray[np.intp], size: int, start: int, extent: int) -> NDArray[np.intp]:
    """Pixels between spans of one size that begin at `starts` and another one, 0 where they overlap."""
    return np.maximum(np.maximum(start - (starts + size), starts - (start + extent)), 0)


def _between(one: Box, other: Box) -> Line:
    """A short line from one box to another."""
    (x, y), (to_x, to_y) = (
        tuple(
            min(max(aim + extent // 2, at), at + side - 1)
            for at, side, aim, extent in zip(near[:2], near[2:], far[:2], far[2:], strict=True)
        )
        for near, far in ((one, other), (other, one))
    )
    return (x, y), (to_x, to_y)
