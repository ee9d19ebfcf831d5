"""Find where a table's own lines leave room to write: a first draft of a form's fields."""

from dataclasses import dataclass

import numpy as np

from mnist_edge.camera.forms.printed import PRINT, Image, ink_levels
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Longer side of the picture on which lines are looked for, pixels; all lengths below are of it.
SIDE = 1600
# A line is longer than this; so far apart are the ends of one that is broken, and so thick is one at most.
LEAST_LINE, BROKEN, THICKEST = 40, 7, 12
# Of a place to write: least width and height, least share of its surrounding box that it fills, and the greatest share
# of it that is printed.
LEAST_WIDTH, LEAST_HEIGHT, RECTANGULAR, MOST_PRINT = 24, 20, 0.9, 0.01
# More of the sheet than this is the frame of a page.
MOST_SHEET = 0.5
# Cells of one column differ by so much in their sides, and are so far apart.
SLACK = 6


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of cells of the same size, one below the other.

    Attributes:
        box: Around all of them, in pixels of the sheet.
        rows: How many.
    """

    box: Box
    rows: int


def find_cells(blank: Image) -> list[Cells]:
    """Find the empty cells that printed lines surround, from the top left.

    Args:
        blank: The empty sheet, shape (height, width, 3), BGR.
    """
    scale = SIDE / max(blank.shape[:2])
    small = cv2.resize(blank, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    printed = (ink_levels(small) > PRINT).astype(np.uint8)
    lines = _lines(printed)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - lines, connectivity=4)
    # What is printed in a cell, the lines themselves aside: a label needs no field.
    inner = np.bincount(labels.ravel(), weights=(printed * (1 - cv2.dilate(lines, np.ones((5, 5))))).ravel())
    cells = []
    for x, y, width, height, area, text in zip(*stats.T, inner, strict=True):
        if width < LEAST_WIDTH or height < LEAST_HEIGHT or area > MOST_SHEET * lines.size:
            continue
        if area > RECTANGULAR * width * height and text < MOST_PRINT * area:
            cells.append(Box(int(x), int(y), int(width), int(height)))
    return [Cells(one.box.scaled(1 / scale), one.rows) for one in _columns(cells)]


def _lines(printed: Image) -> Image:
    """Return the long horizontal and vertical lines of what is printed, 1 or 0."""
    found = np.zeros_like(printed)
    for size in (lambda length: (1, length), lambda length: (length, 1)):
        bridged = cv2.morphologyEx(printed, cv2.MORPH_CLOSE, np.ones(size(BROKEN), np.uint8))
        long = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones(size(LEAST_LINE), np.uint8))
        # A black bar is no line.
        found |= long & (1 - cv2.morphologyEx(long, cv2.MORPH_OPEN, np.ones(size(THICKEST)[::-1], np.uint8)))
    return found


def _columns(cells: list[Box]) -> list[Cells]:
    """Put cells of the same size that lie one below the other together."""
    columns: list[Cells] = []
    for cell in sorted(cells, key=lambda box: (box.y, box.x)):
        above = next((one for one in columns if _continues(one, cell)), None)
        if above is None:
            columns.append(Cells(cell, 1))
        else:
            whole = above.box._replace(height=cell.bottom - above.box.y)
            columns[columns.index(above)] = Cells(whole, above.rows + 1)
    return sorted(columns, key=lambda one: (one.box.y // (4 * SLACK), one.box.x))


def _continues(column: Cells, cell: Box) -> bool:
    height = column.box.height / column.rows
    aligned = abs(column.box.x - cell.x) <= SLACK and abs(column.box.width - cell.width) <= SLACK
    return aligned and abs(height - cell.height) <= SLACK and 0 <= cell.y - column.box.bottom <= SLACK + THICKEST
