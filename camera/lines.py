"""Ruled, grid and table lines, taken out of the ink without cutting the digits that they touch."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.pieces import Pieces, find_pieces

# A line is much longer than a digit's longest stroke in proportion to its thickness, and long in the picture. A single
# one must be very long: a thin pen's 1, or the bar of its 7, is as slender. Lines of a sheet come in numbers.
MIN_SLENDERNESS = 18
MIN_SHARE_AMONG_OTHERS = 0.12
MIN_SHARE_ALONE = 0.5
OTHERS = 3
# Where no piece of ink is so long a share of the picture, and few are slender, nobody looks for lines.
MIN_LENGTH = 0.2

Mask = NDArray[np.uint8]


def without_lines(pieces: Pieces) -> Pieces:
    """The pieces that are left when lines are taken out; the same ones where there is no line."""
    if not _may_hold_lines(pieces):
        return pieces
    cleaned = remove_lines(pieces.binary)
    return pieces if cleaned is pieces.binary else find_pieces(cleaned)


def _may_hold_lines(pieces: Pieces) -> bool:
    """Whether anything is as long as a line, or many short slender pieces may be what is left of some."""
    height, width = pieces.binary.shape
    across, down = pieces.boxes[:, 2], pieces.boxes[:, 3]
    long = (across > MIN_LENGTH * width) | (down > MIN_LENGTH * height)
    slender = (across > 6 * down) & (across > 0.02 * width)
    return bool(long.any() or np.count_nonzero(slender) > OTHERS)


def remove_lines(binary: Mask) -> Mask:
    """The ink without long thin lines that run nearly along a side of the picture.

    Args:
        binary: Shape (height, width), 255 = ink.
    """
    across = _slender_runs(binary)
    upright = [(share, window[::-1], mask.T) for share, window, mask in _slender_runs(binary.T)]
    ruled = len(across) >= OTHERS
    # Upright strokes in numbers may be ones; with lines across them they are a grid.
    gridded = ruled and len(upright) >= OTHERS
    lines = np.zeros_like(binary)
    for runs, in_numbers in ((across, ruled), (upright, gridded)):
        for share, window, mask in runs:
            if share >= (MIN_SHARE_AMONG_OTHERS if in_numbers else MIN_SHARE_ALONE):
                lines[window] |= mask
    if not lines.any():
        return binary
    cleaned = cv2.bitwise_and(binary, cv2.bitwise_not(lines))
    # Where a stroke crossed a line, closing over the gap brings it back; a line alone leaves nothing to close.
    thickness = _thickness(lines) + 2
    bridged = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, np.ones((thickness, thickness), np.uint8))
    return np.asarray(cv2.bitwise_or(cleaned, cv2.bitwise_and(bridged, binary)), np.uint8)


def _slender_runs(binary: Mask) -> list[tuple[float, tuple[slice, slice], Mask]]:
    """What runs nearly along the rows and is slender: its share of the width, its window, and its pixels there."""
    binary = np.ascontiguousarray(binary)
    width = binary.shape[1]
    # Short runs survive a slight tilt; what they join up to is judged as a whole.
    run = max(9, width // 80)
    opened = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.dilate(opened, np.ones((3, run), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    found = []
    for index in range(1, count):
        left, top, length, tall = (int(n) for n in stats[index, : cv2.CC_STAT_AREA])
        if length < MIN_SHARE_AMONG_OTHERS * width or tall > 0.15 * length + 3 * run:
            continue
        window = (slice(top, top + tall), slice(left, left + length))
        mask = np.where(labels[window] == index, opened[window], 0).astype(np.uint8)
        heights = np.count_nonzero(mask, axis=0)
        heights = heights[heights > 0]
        if length > MIN_SLENDERNESS * np.median(heights):
            # Where it is much thicker than where it is bare, a stroke crosses it.
            bare = int(1.5 * np.percentile(heights, 20)) + 3
            strokes = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((bare, 1), np.uint8))
            found.append((length / width, window, mask & ~strokes))
    return found


def _thickness(lines: Mask) -> int:
    distance = cv2.distanceTransform(lines, cv2.DIST_L2, 3)
    # Where all is line, the distance to what is not has no bound.
    return int(np.ceil(2 * min(float(np.percentile(distance[distance > 0], 80)), max(lines.shape))))
