"""Ruled, grid and table lines, taken out of the ink without cutting the digits that they touch."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.opencv import cv2

# A line is much longer than a digit's longest stroke in proportion to its thickness, and long in the picture.
MIN_SLENDERNESS = 18
MIN_SHARE_OF_SIDE = 0.12


def remove_lines(binary: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink without long thin lines that run nearly along a side of the picture.

    Args:
        binary: Shape (height, width), 255 = ink.
    """
    lines = _long_runs(binary) | _long_runs(binary.T).T
    if not lines.any():
        return binary
    cleaned = cv2.bitwise_and(binary, cv2.bitwise_not(lines))
    # Where a stroke crossed a line, closing over the gap brings it back; a line alone leaves nothing to close.
    thickness = _thickness(lines) + 2
    kernel = np.ones((thickness, thickness), np.uint8)
    bridged = cv2.bitwise_and(cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, kernel), binary)
    return np.asarray(cv2.bitwise_or(cleaned, bridged), np.uint8)


def _long_runs(binary: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels of lines that run nearly along the rows."""
    binary = np.ascontiguousarray(binary)
    width = binary.shape[1]
    # Short runs survive a slight tilt; what they join up to is judged as a whole.
    run = max(9, width // 80)
    opened = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.dilate(opened, np.ones((3, run), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    keep = np.zeros(count, np.uint8)
    for index in range(1, count):
        length = stats[index, cv2.CC_STAT_WIDTH]
        if length < MIN_SHARE_OF_SIDE * width:
            continue
        left, top, _, tall = stats[index, : cv2.CC_STAT_AREA]
        window = (slice(top, top + tall), slice(left, left + length))
        columns = (opened[window] > 0) & (labels[window] == index)
        thickness = np.median(columns.sum(axis=0)[columns.any(axis=0)])
        if length > MIN_SLENDERNESS * thickness and tall < 0.15 * length + 3 * run:
            keep[index] = 255
    return np.asarray(cv2.bitwise_and(opened, keep[labels]), np.uint8)


def _thickness(lines: NDArray[np.uint8]) -> int:
    distance = cv2.distanceTransform(lines, cv2.DIST_L2, 3)
    # Where all is line, the distance to what is not has no bound.
    return int(np.ceil(2 * min(float(np.percentile(distance[distance > 0], 80)), max(lines.shape))))
