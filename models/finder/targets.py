"""What the finder is taught: for the boxes of a picture, the value of every cell of its output."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import HIGHEST, LOWEST, STRIDE, UNIT, Floats

# Those a little smaller or larger count neither for nor against.
NEARLY_LOWEST, NEARLY_HIGHEST = 7.5, 33.0
# Channels of a target: the score, its weight, the label, the weight of label and box, and the box.
SCORE, WEIGHT, LABEL, SURE, BOX = 0, 1, 2, 3, slice(4, 8)
CHANNELS = 8
# Cells from a digit's middle beyond which its score is nil.
REACH = 7


def make_targets(boxes: Floats, labels: NDArray[np.int64], side: int) -> Floats:
    """The targets of one square picture.

    Args:
        boxes: Shape (n, 4): x, y, width and height in pixels.
        labels: Shape (n,), 0 to 9.
        side: Of the picture, pixels.

    Returns:
        Shape (side / 8, side / 8, 4 * 8), four cells a place as in the network's output.
    """
    grid = side // STRIDE
    target = np.zeros((grid, grid, CHANNELS), np.float32)
    target[..., WEIGHT] = 1
    nearest = np.full((grid, grid), np.inf, np.float32)
    for box, label in zip(boxes, labels, strict=True):
        longest = float(box[2:].max())
        x, y = (float(value) for value in (box[:2] + box[2:] / 2) / STRIDE)
        if not (-1 < x < grid + 1 and -1 < y < grid + 1) or longest < NEARLY_LOWEST:
            continue
        if LOWEST <= longest < HIGHEST:
            _mark(target, nearest, x, y, box[2:], int(label))
        elif longest < NEARLY_HIGHEST:
            area = slice(max(0, int(y) - 2), int(y) + 3), slice(max(0, int(x) - 2), int(x) + 3)
            target[(*area, WEIGHT)] = 0
    half = grid // 2
    cells = target.reshape(half, 2, half, 2, CHANNELS).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(cells.reshape(half, half, 4 * CHANNELS))


def _mark(target: Floats, nearest: Floats, x: float, y: float, sides: Floats, label: int) -> None:
    """Write a digit's score, label and box into the cells around its middle, which is given in cells."""
    grid = len(target)
    top, left = max(0, int(y) - REACH), max(0, int(x) - REACH)
    area = slice(top, int(y) + REACH + 1), slice(left, int(x) + REACH + 1)
    part, near = target[area], nearest[area]
    below = (np.arange(part.shape[0]) + (top + 0.5 - y))[:, None]
    right_of = np.arange(part.shape[1]) + (left + 0.5 - x)
    width, height = (float(side) / STRIDE for side in sides)
    # Distance from the middle, less where the digit is longer.
    distance = (right_of / max(0.5, width / 6)) ** 2 + (below / max(0.5, height / 5)) ** 2
    part[..., SCORE] = np.maximum(part[..., SCORE], np.exp(-0.5 * distance) * 0.9)
    off = np.hypot(right_of, below)
    middle = int(min(max(y, 0), grid - 1)) - top, int(min(max(x, 0), grid - 1)) - left
    # The cells round the middle know label and box too: the best one is not known beforehand.
    own = ((off < 1.6) & (np.abs(right_of) < max(0.5, width / 2)) & (off < near)) | (off == off[middle])
    near[own] = off[own]
    part[own, LABEL], part[own, SURE] = label, 1
    part[own, BOX.start] = np.broadcast_to(-right_of, own.shape)[own]
    part[own, BOX.start + 1] = np.broadcast_to(-below, own.shape)[own]
    part[own, BOX.start + 2 : BOX.stop] = np.log(sides / UNIT)
    if 0 <= x < grid and 0 <= y < grid:
        part[(*middle, SCORE)], part[(*middle, WEIGHT)] = 1, 1
