"""Reading order: which digits stand in one row, and where words end."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.order import quantile
from mnist_edge.reading import Box, Digit

# Digits whose middles differ by less than this are on one level, in heights.
SAME_LEVEL = 0.5
# A gap between words is so many times the usual gap between digits, and wider than this, in heights.
WORD_GAPS, WORD_GAP = 2, 0.75
# Neighbours to the right that show the tilt: the least and greatest distance and the greatest rise, in heights.
NEAREST, FARTHEST, STEEPEST = 0.3, 4, 0.6
# Only neighbours whose heights differ by less than this factor show it: a small digit beside a large one stands lower.
ALIKE = 1.5

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
        if row and level[index] - level[row].mean() < SAME_LEVEL * max(quantile(height[row], 0.5), height[index]):
            row.append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda index: x[index]) for row in rows]


def in_reading_order(digits: Sequence[Digit]) -> tuple[tuple[Digit, ...], tuple[str, ...]]:
    """Return digits in reading order, each with its row, and the text of each row."""
    rows = [[digits[index] for index in row] for row in group_rows([digit.box for digit in digits])]
    ordered = tuple(replace(digit, row=index) for index, row in enumerate(rows) for digit in row)
    return ordered, tuple(map(_text, rows))


def _text(row: Sequence[Digit]) -> str:
    """Join what the digits of one row are called, with a space at words' ends, and beside names of several letters."""
    gaps = [right.box.x - left.box.right for left, right in pairwise(row)]
    height = quantile(np.array([digit.box.height for digit in row]), 0.5)
    # The lower median, since the narrower of two gaps lies within a word; a single gap is compared with the height.
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0.5 * height
    text = row[0].text
    for gap, (before, digit) in zip(gaps, pairwise(row), strict=True):
        apart = gap > max(WORD_GAPS * usual, WORD_GAP * height) or max(len(before.text), len(digit.text)) > 1
        text += (" " if apart else "") + digit.text
    return text


def _tilt(x: Floats, y: Floats, height: Floats) -> float:
    """Return the slope of the rows in pixels per pixel: the median over each box's nearest neighbour to the right."""
    run, rise = x - x[:, None], y - y[:, None]
    tall = height[:, None]
    neighbours = (run > NEAREST * tall) & (np.abs(rise) < STEEPEST * tall) & (run < FARTHEST * tall)
    neighbours &= np.maximum(height / tall, tall / height) < ALIKE
    nearest = np.where(neighbours, run, np.inf).argmin(axis=1)
    having = np.flatnonzero(neighbours.any(axis=1))
    slopes = rise[having, nearest[having]] / run[having, nearest[having]]
    if len(slopes) < 2:
        return 0.0
    return quantile(slopes, 0.5)
