"""How popular webcam projects find digits, written anew from what they do: each takes a picture to boxes and crops."""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mnist_edge.reading import Box

Loop = Callable[[NDArray[np.uint8]], tuple[list[Box], NDArray[np.uint8]]]
# Of an image of MNIST, and of the digit in it.
SIDE, DIGIT = 28, 20
# Of the loop with one fixed threshold: grey below it is ink, and its crop is a square so many times the digit's height.
FIXED_LEVEL, SQUARE = 90, 1.6
# Of the loop with an adaptive threshold: its block, what lies so far below the block's mean is ink, heights that it
# takes for digits, pixels, and how wide a digit may be, in heights.
BLOCK, BELOW, HEIGHTS, WIDEST = 31, 10, (20, 60), 1.2


def otsu(picture: NDArray[np.uint8]) -> tuple[list[Box], NDArray[np.uint8]]:
    """One threshold for the picture (Otsu), the outer contours, and the box of each stretched to 28x28."""
    from mnist_edge.opencv import cv2

    ink = cv2.threshold(_smooth(picture), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    boxes = _boxes(ink, cv2.RETR_EXTERNAL)
    return boxes, _stack(ink[box.slices] for box in boxes)


def fixed(picture: NDArray[np.uint8]) -> tuple[list[Box], NDArray[np.uint8]]:
    """A threshold of 90, the outer contours, a square of 1.6 heights around each, thickened."""
    from mnist_edge.opencv import cv2

    ink = cv2.threshold(_smooth(picture), FIXED_LEVEL, 255, cv2.THRESH_BINARY_INV)[1]
    boxes = _boxes(ink, cv2.RETR_EXTERNAL)
    crops = _stack(_square(ink, box, round(box.height * SQUARE)) for box in boxes)
    return boxes, np.array([cv2.dilate(crop, np.ones((3, 3))) for crop in crops], np.uint8).reshape(-1, SIDE, SIDE)


def adaptive(picture: NDArray[np.uint8]) -> tuple[list[Box], NDArray[np.uint8]]:
    """An adaptive threshold, the contours of a digit's size in a frame of a webcam, and a square around each."""
    from mnist_edge.opencv import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, BLOCK, BELOW)
    ink = cv2.medianBlur(ink, 3)
    low, high = HEIGHTS
    boxes = [
        box for box in _boxes(ink, cv2.RETR_LIST) if low <= box.height <= high and box.width <= WIDEST * box.height
    ]
    return boxes, _stack(_square(ink, box, round(box.height * SIDE / DIGIT)) for box in boxes)


def _smooth(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from mnist_edge.opencv import cv2

    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (5, 5), 0), np.uint8)


def _boxes(ink: NDArray[np.uint8], which: int) -> list[Box]:
    from mnist_edge.opencv import cv2

    return [Box(*cv2.boundingRect(one)) for one in cv2.findContours(ink, which, cv2.CHAIN_APPROX_SIMPLE)[-2]]


def _square(ink: NDArray[np.uint8], box: Box, side: int) -> NDArray[np.uint8]:
    """A square of the ink around the middle of a box, cut off where the picture ends."""
    across, down = box.centre
    left, top = round(across - side / 2), round(down - side / 2)
    return ink[max(top, 0) : top + side, max(left, 0) : left + side]


def _stack(crops: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    from mnist_edge.opencv import cv2

    resized: Sequence[NDArray[np.uint8]] = [
        cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA) if crop.size else np.zeros((SIDE, SIDE), np.uint8)
        for crop in crops
    ]
    return np.array(resized, np.uint8).reshape(-1, SIDE, SIDE)


# What each does, for people; by its name in tables.
LOOPS = MappingProxyType(
    {
        "webcam, Otsu": (otsu, "blur, Otsu, outer contours, each box stretched to 28x28"),
        "webcam, fixed": (fixed, "blur, threshold 90, outer contours, a square of 1.6 heights, thickened"),
        "webcam, adaptive": (adaptive, "adaptive mean of 31 less 10, contours 20 to 60 pixels high, a square"),
    }
)
