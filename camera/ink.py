"""From a frame to ink: what is written, freed from shadows, paper and ruled lines."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.opencv import cv2

# Digits down to a hundredth of the picture stay readable at this size, and time stays bounded.
WORKING_SIDE = 1600
# The paper is estimated on a picture this small, with a closing that swallows strokes up to an eighth of it.
PAPER_SIDE = 256
WIDEST_STROKE = 33
# Least contrast of ink against paper, in grey levels of paper made white.
MIN_CONTRAST = 16
# Median grey below which a picture may be a blackboard.
DARK = 110
# Largest share of a picture that writing covers; more brightness than that is paper on a dark table.
MOST_INK = 0.2


@dataclass(frozen=True, slots=True)
class InkMap:
    """The ink of a frame, at working size.

    Attributes:
        level: Shape (height, width), uint8: 0 = paper, 255 = black on white or white on black.
        binary: Same shape, uint8: 255 where there is ink.
        scale: Working size divided by the frame's; at most 1.
        noise: Spread of `level` on bare paper, grey levels.
    """

    level: NDArray[np.uint8]
    binary: NDArray[np.uint8]
    scale: float
    noise: float


def find_ink(frame: NDArray[np.uint8]) -> InkMap:
    """Separate ink from paper.

    Args:
        frame: Shape (height, width, 3), BGR; dark on light or light on dark.
    """
    scale = min(1.0, WORKING_SIDE / max(frame.shape[:2]))
    if scale < 1:
        size = [max(1, round(side * scale)) for side in frame.shape[1::-1]]
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    level = ink_level(frame)
    noise = _paper_noise(level)
    binary = _threshold(level, noise)
    return InkMap(level, binary, scale, noise)


def ink_level(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darkness against the paper around, shape (height, width), uint8; light on dark is turned over first."""
    if _is_light_on_dark(frame):
        frame = cv2.bitwise_not(frame)
    # Red ink is bright in the red channel: the darkest channel shows any ink.
    darkest = frame.min(axis=2)
    paper = _paper(darkest)
    return np.asarray(cv2.subtract(255, cv2.divide(darkest, paper, scale=255)), np.uint8)


def _is_light_on_dark(frame: NDArray[np.uint8]) -> bool:
    """Whether the picture is dark and its thin structures are bright."""
    small = cv2.cvtColor(_reduced(frame, PAPER_SIDE), cv2.COLOR_BGR2GRAY)
    middle = float(np.median(small))
    if middle > DARK or np.mean(small > middle + 40) > MOST_INK:
        return False
    kernel = np.ones((9, 9), np.uint8)
    bright, dark = (
        int(hat[hat > MIN_CONTRAST].sum(dtype=np.int64))
        for hat in (cv2.morphologyEx(small, kind, kernel) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    )
    return bright > dark


def _paper(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the paper alone would look like: a closing fills strokes and keeps the edges of shadows."""
    small = cv2.medianBlur(_reduced(grey, PAPER_SIDE), 3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WIDEST_STROKE, WIDEST_STROKE))
    closed = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 2)
    paper = cv2.resize(closed, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(paper, 1), np.uint8)


def _reduced(image: NDArray[np.uint8], side: int) -> NDArray[Any]:
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _paper_noise(level: NDArray[np.uint8]) -> float:
    """Robust standard deviation of bare paper, from the median of the ink level (which is one-sided there)."""
    sample = level[:: max(1, level.shape[0] // 300), :: max(1, level.shape[1] // 300)]
    middle = float(np.median(sample))
    return 1.4826 * float(np.median(np.abs(sample - middle))) + 0.5


def _threshold(level: NDArray[np.uint8], noise: float) -> NDArray[np.uint8]:
    """Ink above a strong threshold, with the weaker ink that hangs on it (hysteresis, after Canny, 1986)."""
    smooth = cv2.GaussianBlur(level, (3, 3), 0)
    middle = float(np.median(smooth[::4, ::4]))
    least = max(MIN_CONTRAST, middle + 6 * noise)
    inked = smooth[smooth > least]
    if not len(inked):
        return np.zeros_like(level)
    strong = max(least, 0.9 * _otsu(inked))
    weak = max(least, 0.55 * strong)
    candidates = np.asarray(smooth > weak, np.uint8)
    count, labels = cv2.connectedComponents(candidates, connectivity=8, ltype=cv2.CV_32S)
    keep = np.zeros(count, np.uint8)
    keep[labels[smooth > strong]] = 255
    keep[0] = 0
    return np.asarray(keep[labels], np.uint8)


def _otsu(values: NDArray[np.uint8]) -> float:
    threshold, _ = cv2.threshold(values.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(threshold)
