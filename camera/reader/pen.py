"""Widen the strokes of a thin pen to the width of MNIST's."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# Stroke width as a share of the digit's longer side. Over MNIST's training images the median is 0.146 and one in
# twenty is below 0.105; a ball pen on paper is usually below that.
THINNEST = 0.15
# Longer side to which larger ink is shrunk, pixels: four times the 20 of MNIST; more costs time and gains nothing.
LARGEST_SIDE = 80


def widen_strokes(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Widen strokes that are thinner than MNIST's, and shrink ink that is larger than is needed.

    Args:
        ink: Shape (height, width), 0 = paper, 255 = full ink.

    Returns:
        Ink of about the same proportions, 0 = paper, 255 = full ink.
    """
    side = max(ink.shape)
    if side > LARGEST_SIDE:
        size = [max(1, round(length * LARGEST_SIDE / side)) for length in ink.shape[::-1]]
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
        side = LARGEST_SIDE
    missing = round(THINNEST * side - stroke_width(ink))
    if missing < 1:
        return ink
    padded = cv2.copyMakeBorder(ink, missing, missing, missing, missing, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    return np.asarray(cv2.dilate(padded, kernel), np.uint8)


def stroke_width(ink: NDArray[np.uint8]) -> float:
    """Estimate the mean width of the strokes in pixels: four times the mean distance of ink to its edge."""
    _, mask = cv2.threshold(ink, 0.5 * float(ink.max()), 1, cv2.THRESH_BINARY)
    # Beyond the crop there is paper.
    distance = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    return 4 * float(cv2.sumElems(distance)[0] / max(cv2.countNonZero(mask), 1))
