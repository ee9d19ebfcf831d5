"""Reading order: which digits stand in one row, and where words end."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from mnist_edge.reading import Box

Floats = NDArray[np.float64]


def group_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Return the indices of boxes in reading order: rows from top to bottom, each from left to right.

    Neighbours show how the page is tilted; boxes at one level of the levelled page are a row, whatever the gaps.
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
    """Join the labels of one row, with a space where a gap is wide enough to separate words."""
    if not labels:
        return ""
    gaps = [right.x - left.right for left, right in pairwise(boxes)]
    height = median(box.height for box in boxes)
    # The lower median, since the narrower of two gaps lies within a word; a single gap is compared with the height.
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0.5 * height
    text = str(labels[0])
    for gap, label in zip(gaps, labels[1:], strict=True):
        text += (" " if gap > max(2 * usual, 0.75 * height) else "") + str(label)
    return text


def _tilt(x: Floats, y: Floats, height: Floats) -> float:
    """Return the slope of the rows in pixels per pixel: the median over each box's nearest neighbour to the right."""
    run, rise = x - x[:, None], y - y[:, None]
    tall = height[:, None]
    neighbours = (run > 0.3 * tall) & (np.abs(rise) < 0.6 * tall) & (run < 4 * tall)
    nearest = np.where(neighbours, run, np.inf).argmin(axis=1)
    having = np.flatnonzero(neighbours.any(axis=1))
    slopes = rise[having, nearest[having]] / run[having, nearest[having]]
    return float(np.median(slopes)) if len(slopes) > 1 else 0.0
