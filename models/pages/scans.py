"""What scanners and fax machines make of a picture: fewer pixels, and ink or paper in place of grey."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

LEAST_SEEN = 11.0  # height of a digit in the scanner's pixels: fewer cannot be read
LEAST_STEP = 60  # grey levels between ink and paper, below which no threshold keeps the ink, and grey stays grey


def scan(image: NDArray[np.uint8], resolution: float, mode: str, digit_height: float) -> NDArray[np.uint8]:
    """The picture as a coarse scanner gives it, at its old size.

    Args:
        image: Shape (height, width, 3), BGR.
        resolution: Pixels of the scanner to one of the picture in each direction, above 0 to 1; no fewer than leave a
            digit readable.
        mode: Empty for colour, `binary` for ink or paper (Otsu, "A threshold selection method from gray-level
            histograms", 1979), `dither` for black dots in an ordered pattern (Bayer, "An optimum method for two-level
            rendition of continuous-tone pictures", 1973).
        digit_height: In the picture, pixels.

    Returns:
        Same shape.
    """
    height, width = image.shape[:2]
    share = min(1.0, max(resolution, LEAST_SEEN / digit_height))
    if share < 1:
        small = max(8, round(width * share)), max(8, round(height * share))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
    if mode:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        black_and_white = _binary(grey) if mode == "binary" else _dithered(grey)
        image = np.asarray(cv2.cvtColor(black_and_white, cv2.COLOR_GRAY2BGR), np.uint8)
    if share < 1:
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return image


def _binary(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    threshold, found = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    above, below = grey[grey > threshold], grey[grey <= threshold]
    if not len(above) or not len(below) or above.mean() - below.mean() < LEAST_STEP:
        return grey
    return np.asarray(found, np.uint8)


def _dithered(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pattern = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    tiles = np.tile(pattern, (grey.shape[0] // 4 + 1, grey.shape[1] // 4 + 1))[: grey.shape[0], : grey.shape[1]]
    # Stretched first, as scanners do, so that paper is white.
    low, high = np.percentile(grey, [0.5, 70])
    stretched = (grey - low) / max(float(high - low), 40.0) * 255
    return np.asarray(np.where(stretched > (tiles + 0.5) * 14, 255, 0), np.uint8)
