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
# Thresholds follow the surroundings, tile by tile: so many tiles along the longer side, at least so many pixels each.
TILES = 32
MIN_TILE = 16
# Ink must exceed the paper by so many standard deviations of it, and be so strong beside the ink around it.
NOISE_FACTOR = 6.0
STRONG, WEAK = 0.45, 0.27
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
    around = _surroundings(level)
    return InkMap(level, _threshold(level, around), scale, around.noise)


def ink_level(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darkness against the paper around, shape (height, width), uint8; light on dark is turned over first."""
    if _is_light_on_dark(frame):
        frame = cv2.bitwise_not(frame)
    # Red ink is bright in the red channel: the darkest channel shows any ink.
    darkest = cv2.min(cv2.min(frame[..., 0], frame[..., 1]), frame[..., 2])
    paper = _paper(darkest)
    # Not cv2.subtract: an array of four rows and one column is a scalar to it.
    return np.asarray(cv2.bitwise_not(cv2.divide(darkest, paper, scale=255)), np.uint8)


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
    closed = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), 1.6)
    paper = cv2.resize(closed, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(paper, 1), np.uint8)


def _reduced(image: NDArray[np.uint8], side: int) -> NDArray[Any]:
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Maps of what ink must stand out from, at working size, grey levels of `level`."""

    least: NDArray[np.float32]
    peak: NDArray[np.float32]
    noise: float


def _surroundings(level: NDArray[np.uint8]) -> _Surroundings:
    """Paper and ink, tile by tile: a quiet sheet on a rough table is judged by itself.

    A tile under a broad stroke has no paper of its own, so paper is the quietest tile around.
    """
    side = max(MIN_TILE, max(level.shape) // TILES)
    # Some hundred pixels tell a tile's quantiles well enough.
    step = max(1, side // 8)
    rows, columns = (max(1, length // side) for length in level.shape)
    height, width = level.shape[0] // rows, level.shape[1] // columns
    tiles = level[: rows * height, : columns * width].reshape(rows, height, columns, width)
    samples = tiles[:, ::step, :, ::step].transpose(0, 2, 1, 3).reshape(rows, columns, -1).astype(np.float32)
    samples.sort(axis=2)
    count = samples.shape[2]
    middle = samples[..., count // 2]
    noise = 1.4826 * np.partition(np.abs(samples - middle[..., None]), count // 2, axis=2)[..., count // 2]
    paper = cv2.erode(middle, np.ones((5, 5), np.uint8))
    quiet = cv2.erode(noise, np.ones((3, 3), np.uint8))
    peak = cv2.dilate(samples[..., int(0.98 * count)], np.ones((5, 5), np.uint8))
    least = np.maximum(MIN_CONTRAST, paper + NOISE_FACTOR * quiet).astype(np.float32)
    maps = [cv2.resize(one, level.shape[::-1], interpolation=cv2.INTER_LINEAR) for one in (least, peak)]
    return _Surroundings(maps[0], maps[1], float(np.median(noise)))


def _threshold(level: NDArray[np.uint8], around: _Surroundings) -> NDArray[np.uint8]:
    """Ink above a strong threshold, with the weaker ink that hangs on it (hysteresis, after Canny, 1986)."""
    smooth = cv2.GaussianBlur(level, (3, 3), 0)
    strong = smooth > np.maximum(around.least, STRONG * around.peak)
    weak = smooth > np.maximum(around.least, WEAK * around.peak)
    count, labels = cv2.connectedComponents(weak.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    keep = np.zeros(count, np.uint8)
    keep[labels[strong]] = 255
    keep[0] = 0
    return np.asarray(keep[labels], np.uint8)
