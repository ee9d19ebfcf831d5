"""Ink level: how much darker than the paper around it each pixel is, whatever the colour of either."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# Pixels: wider than any stroke of a digit of 24 pixels, narrower than a highlighter's band over it. What is wider is
# paper: shadows, tables, boards.
WINDOW = 13
# A channel in which the paper is darker than this share of the picture's brightest shows noise rather than ink.
LEAST_PAPER = 0.35


def ink_level(image: NDArray[np.uint8], light_on_dark: bool = False) -> NDArray[np.uint8]:
    """Darkness against the paper around, in the channel that shows most of it.

    Each channel is divided by its own paper, so that ink shows on paper of any colour: the paper is a morphological
    closing that fills strokes and keeps the edges of whatever is wider.

    Args:
        image: Shape (height, width, 3), BGR, scaled so that digits are about 10 to 24 pixels high.
        light_on_dark: Whether the writing is lighter than what it stands on.

    Returns:
        Shape (height, width): 0 = paper, 255 = black on white, or white on black where `light_on_dark`.
    """
    if light_on_dark:
        image = cv2.bitwise_not(image)
    paper = cv2.morphologyEx(image, cv2.MORPH_CLOSE, np.ones((WINDOW, WINDOW), np.uint8))
    return darkness(image, cv2.blur(paper, (3, 3)))


def darkness(image: NDArray[np.uint8], paper: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darkness against the paper, in the channel that shows most of it.

    Args:
        image: Shape (height, width, 3).
        paper: Same shape: what the picture would be without ink. It is overwritten.

    Returns:
        Shape (height, width): 0 = paper, 255 = black on white.
    """
    # Two arrays are written again and again: fresh memory for each step would take a fifth of the time.
    level = paper
    paper = cv2.max(level, image)
    # Every third row and column tells the brightest paper well enough.
    height, width = (-(-side // 3) for side in image.shape[:2])
    seen = _greatest(cv2.resize(paper, (width, height), interpolation=cv2.INTER_NEAREST))
    # A histogram takes a third of the time of a percentile.
    counts = cv2.calcHist([seen], [0], None, [256], [0, 256]).ravel().cumsum()
    least = max(8, int(LEAST_PAPER * int(counts.searchsorted(0.95 * counts[-1]))))
    cv2.subtract(paper, image, dst=level)
    # Channels side by side, since OpenCV would hold the least against the first alone; it is eight times NumPy's speed.
    channels = paper.reshape(len(paper), -1)
    cv2.max(channels, float(least), dst=channels)
    return _greatest(cv2.divide(level, paper, dst=level, scale=255))


def _greatest(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The greatest of three channels, pixel by pixel."""
    blue, green, red = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(blue, green, dst=blue), red, dst=blue), np.uint8)
