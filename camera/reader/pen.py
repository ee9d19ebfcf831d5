"""Bringing a pen's strokes to the width that MNIST's have."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# Stroke width as a share of the digit's longer side. Over MNIST's training images the median is 0.146 and one in
# twenty is below 0.105; a ball pen on paper is usually below that.
THINNEST = 0.15
# Four MNIST boxes: larger ink tells no more, and costs more.
LARGEST_SIDE = 80


def widen_strokes(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thin strokes, widened; what is thick enough stays. Large ink comes out smaller.

    Args:
        ink: Shape (height, width), 0 = paper, 255 = full ink.

    Returns:
        Shape of about the same proportions, same scale.
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
    """Mean width of the strokes, pixels: across a stroke the distance to its edge averages a quarter of its width."""
    mask = np.asarray(ink > 0.5 * ink.max(), np.uint8)
    # Beyond the crop there is paper.
    distance = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    return 4 * float(cv2.sumElems(distance)[0] / max(cv2.countNonZero(mask), 1))
