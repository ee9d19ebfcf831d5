"""Reading order: which digits stand in one row, and where words end."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from mnist_edge.reading import Box

Floats = NDArray[np.float64]


def group_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Indices of boxes in reading order: rows from top to bottom, each from left to right.

    The page's tilt is taken from neighbours; then a row is what lies on one level, whatever the gaps.

    Args:
        boxes: In pixels of one picture.
    """
    if not boxes:
        return []
    x, y = np.array([box.centre for box in boxes]).T
    height = np.array([box.height for box in boxes], float)
    level = y - _tilt(x, y, height) * x
    rows: list[list[int]] = []
    for index in np.argsort(level, kind="stable").tolist():
        row = rows[-1] if rows else []
        if row and level[index] - fmean(level[row]) < 0.5 * max(median(height[row]), height[index]):
            row.append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda index: x[index]) for row in rows]


def row_text(labels: Sequence[int], boxes: Sequence[Box]) -> str:
    """The digits of one row, left to right, with a space where a gap is a word's rather than a letter's."""
    if not labels:
        return ""
    gaps = [right.x - left.right for left, right in pairwise(boxes)]
    height = median(box.height for box in boxes)
    # The lower middle: of two gaps the narrow one is a letter's. A single gap has nothing to compare with.
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0.5 * height
    text = str(labels[0])
    for gap, label in zip(gaps, labels[1:], strict=True):
        text += (" " if gap > max(2 * usual, 0.75 * height) else "") + str(label)
    return text


def _tilt(x: Floats, y: Floats, height: Floats) -> float:
    """Rise of the rows in pixels per pixel: the median over each box's nearest neighbour to the right."""
    run, rise = x - x[:, None], y - y[:, None]
    tall = height[:, None]
    neighbours = (run > 0.3 * tall) & (np.abs(rise) < 0.6 * tall) & (run < 4 * tall)
    nearest = np.where(neighbours, run, np.inf).argmin(axis=1)
    having = np.flatnonzero(neighbours.any(axis=1))
    slopes = rise[having, nearest[having]] / run[having, nearest[having]]
    return float(np.median(slopes)) if len(slopes) > 1 else 0.0
