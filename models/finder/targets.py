"""What the finder is taught: for the boxes of a picture, the value of every cell of its output."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import HIGHEST, LOWEST, STRIDE, UNIT, Floats

# Those a little smaller or larger count neither for nor against.
NEARLY_LOWEST, NEARLY_HIGHEST = 7.5, 33.0
# Channels of a target: the score, its weight, the label, the weight of label and box, and the box.
SCORE, WEIGHT, LABEL, SURE, BOX = 0, 1, 2, 3, slice(4, 8)
CHANNELS = 8


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
    at = np.arange(grid, dtype=np.float32) + 0.5
    for (left, top, width, height), label in zip(boxes, labels, strict=True):
        x, y = (left + width / 2) / STRIDE, (top + height / 2) / STRIDE
        longest = max(width, height)
        if not (-1 < x < grid + 1 and -1 < y < grid + 1) or longest < NEARLY_LOWEST:
            continue
        if not LOWEST <= longest < HIGHEST:
            if longest < NEARLY_HIGHEST:
                area = slice(max(0, int(y) - 2), int(y) + 3), slice(max(0, int(x) - 2), int(x) + 3)
                target[(*area, WEIGHT)] = 0
            continue
        # Distance from the middle, in cells, less where the digit is longer.
        across = (at - x) / max(0.5, width / STRIDE / 6)
        down = (at - y) / max(0.5, height / STRIDE / 5)
        distance = across[None, :] ** 2 + down[:, None] ** 2
        target[..., SCORE] = np.maximum(target[..., SCORE], np.exp(-0.5 * distance) * 0.9)
        off = np.hypot(at[None, :] - x, at[:, None] - y)
        middle = int(min(max(y, 0), grid - 1)), int(min(max(x, 0), grid - 1))
        # The cells round the middle know label and box too: the best one is not known beforehand.
        own = ((off < 1.6) & (np.abs(at[None, :] - x) < max(0.5, width / STRIDE / 2)) & (off < nearest)) | (
            off == off[middle]
        )
        nearest[own] = off[own]
        target[own, LABEL], target[own, SURE] = label, 1
        target[own, BOX.start] = np.broadcast_to(x - at[None, :], own.shape)[own]
        target[own, BOX.start + 1] = np.broadcast_to(y - at[:, None], own.shape)[own]
        target[own, BOX.start + 2 : BOX.stop] = np.log(np.array([width, height]) / UNIT)
        if 0 <= x < grid and 0 <= y < grid:
            target[(*middle, SCORE)], target[(*middle, WEIGHT)] = 1, 1
    half = grid // 2
    cells = target.reshape(half, 2, half, 2, CHANNELS).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(cells.reshape(half, half, 4 * CHANNELS))
