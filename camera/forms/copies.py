"""Tell whether two pictures show the same page: laid on the form, the same ink stands in the same place."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.printed import Image
from mnist_edge.opencv import cv2

# Ink is compared in squares of so many pixels of the working size: strokes are 4 wide, and lie beside by 3 at most.
SQUARE = 8
# Least correlation of two pictures of one page: on 24 generated pages of three forms, photographed twice with digits of
# the validation images, that of one page was 0.976 to 1, and that of two pages at most 0.434.
SAME = 0.8
# Less ink than this share of the fields tells no page from another.
LEAST_INK = 0.004


def fingerprint(ink: Image, places: NDArray[np.int32]) -> bytes:
    """Return what is written in the fields, coarsely: a byte for each square of them; nothing where they are empty.

    Args:
        ink: Levels of written ink as the form lies.
        places: Same shape: not 0 in a field.
    """
    size = [max(1, side // SQUARE) for side in ink.shape[::-1]]
    inside = cv2.resize((places > 0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    written = np.where(places > 0, ink, np.uint8(0))
    if np.mean(written[places > 0] > 60) < LEAST_INK:
        return b""
    coarse = cv2.resize(cv2.GaussianBlur(written, (0, 0), SQUARE / 2), size, interpolation=cv2.INTER_AREA)
    return np.asarray(coarse[inside], np.uint8).tobytes()


def alike(first: bytes, second: bytes) -> bool:
    """Return whether two fingerprints are those of one page."""
    if not first or len(first) != len(second):
        return False
    one, other = (np.frombuffer(content, np.uint8).astype(np.float64) for content in (first, second))
    return float(np.corrcoef(one, other)[0, 1]) > SAME
