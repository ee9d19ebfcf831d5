"""Separate the ink of a frame from its paper and from shadows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.components import Components, find_components
from mnist_edge.opencv import cv2

# Longer side of the picture that is worked on, pixels: digits of a hundredth of it are readable, and time is bounded.
WORKING_SIDE = 1600
# The paper is estimated on a picture with a longer side of about so many pixels, by a closing that fills strokes up to
# this share of it.
PAPER_SIDE = 256
WIDEST_STROKE = 1 / 8
# Least contrast of ink against paper, in grey levels of paper made white.
MIN_CONTRAST = 16
# Thresholds follow the surroundings in tiles: so many along the longer side, of at least so many pixels each.
TILES = 32
MIN_TILE = 16
# Ink must exceed the paper by so many of its standard deviations, and reach such a share of the strongest ink around:
# weak ink counts where it is connected with strong ink.
NOISE_FACTOR = 6.0
STRONG, WEAK = 0.45, 0.27
# Longer side of the picture on which a blackboard is recognised, pixels.
POLARITY_SIDE = 128
# Median grey below which a picture may be a blackboard.
DARK = 110
# Largest share of a picture that writing covers; more brightness than that is paper on a dark table.
MOST_INK = 0.2


@dataclass(frozen=True, slots=True)
class InkMap:
    """The ink of a frame, at working size.

    Attributes:
        level: Shape (height, width), uint8: 0 = paper, 255 = black on white or white on black.
        components: The connected components of ink.
        near: Same shape as `level`, uint8: not 0 within two pixels of any ink.
        scale: Working size divided by the frame's; at most 1.
    """

    level: NDArray[np.uint8]
    components: Components
    near: NDArray[np.uint8]
    scale: float


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
    weak, strong = _thresholds(level)
    smooth = cv2.GaussianBlur(level, (3, 3), 0)
    components = find_components(cv2.compare(smooth, weak, cv2.CMP_GT), cv2.compare(smooth, strong, cv2.CMP_GT))
    return InkMap(level, components, cv2.dilate(components.binary, np.ones((5, 5), np.uint8)), scale)


def ink_level(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how dark each pixel is against the paper around it: shape (height, width), uint8, 255 = full ink.

    A picture that is light on dark is inverted first.
    """
    if _is_light_on_dark(frame):
        frame = cv2.bitwise_not(frame)
    # Red ink is bright in the red channel: the darkest channel shows any ink.
    blue, green, red = cv2.split(frame)
    darkest = cv2.min(cv2.min(blue, green, dst=blue), red, dst=blue)
    # Not cv2.subtract: an array of four rows and one column is a scalar to it.
    return np.asarray(cv2.bitwise_not(cv2.divide(darkest, _paper(darkest), dst=green, scale=255), dst=green), np.uint8)


def _is_light_on_dark(frame: NDArray[np.uint8]) -> bool:
    """Whether the picture is dark, and bright pixels stand out from their surroundings more than dark ones."""
    if np.median(_grey(frame, cv2.INTER_NEAREST)) > DARK:
        return False
    small = _grey(frame, cv2.INTER_AREA)
    if np.mean(small > np.median(small) + 40) > MOST_INK:
        return False
    around = cv2.medianBlur(small, 2 * (max(small.shape) // 16) + 1)
    bright, dark = (
        int(apart[apart > MIN_CONTRAST].sum(dtype=np.int64))
        for apart in (cv2.max(small, around) - around, around - cv2.min(small, around))
    )
    return bright > dark


def _grey(frame: NDArray[np.uint8], interpolation: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(_reduced(frame, POLARITY_SIDE, interpolation), cv2.COLOR_BGR2GRAY))


def _paper(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Estimate the paper without ink: a closing fills strokes and keeps the edges of shadows."""
    small = cv2.medianBlur(_reduced(grey, PAPER_SIDE), 3)
    width = round(WIDEST_STROKE * max(small.shape)) | 1
    # A square, since anything else takes twenty times as long.
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    # Two boxes are nearly a Gaussian of 1.6 pixels, in a fifth of the time.
    smooth = cv2.blur(cv2.blur(closed, (5, 5)), (3, 3))
    return np.asarray(cv2.resize(np.maximum(smooth, 1), grey.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(image: NDArray[np.uint8], side: int, interpolation: int = cv2.INTER_AREA) -> NDArray[Any]:
    """Shrink a picture by the whole number, which is fastest, that brings its longer side nearest to `side`."""
    factor = round(max(image.shape[:2]) / side)
    if factor <= 1:
        return image
    size = [max(1, length // factor) for length in image.shape[1::-1]]
    whole = image[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(whole, size, interpolation=interpolation))


def _thresholds(level: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the grey levels that weak and strong ink must exceed at each pixel.

    Each tile has thresholds of its own, so that the noise of a rough table does not count on a smooth sheet. A tile
    under a broad stroke has no paper of its own, so its paper is that of the lightest tile around.
    """
    side = max(MIN_TILE, max(level.shape) // TILES)
    # Some fifty pixels of a tile suffice for its quantiles.
    step = -(-side // 7)
    rows, columns = (max(1, length // side) for length in level.shape)
    height, width = level.shape[0] // rows, level.shape[1] // columns
    tiles = level[: rows * height, : columns * width].reshape(rows, height, columns, width)
    samples = tiles[:, ::step, :, ::step].transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    # NumPy sorts 16-bit integers with vector instructions, in a tenth of the time that bytes take.
    samples = np.sort(samples.astype(np.uint16), axis=2)
    count = samples.shape[2]
    middle = samples[..., count // 2].astype(np.float32)
    # Median absolute deviation, from quartiles: the same for what is symmetrical.
    noise = 1.4826 * (samples[..., 3 * count // 4].astype(np.float32) - samples[..., count // 4]) / 2
    paper = cv2.erode(middle, np.ones((5, 5), np.uint8))
    quiet = cv2.erode(noise, np.ones((3, 3), np.uint8))
    peak = cv2.dilate(samples[..., int(0.98 * count)].astype(np.float32), np.ones((5, 5), np.uint8))
    least = np.maximum(MIN_CONTRAST, paper + NOISE_FACTOR * quiet)
    weak, strong = (
        cv2.resize(
            np.clip(np.maximum(least, share * peak), 0, 255).astype(np.uint8),
            level.shape[::-1],
            interpolation=cv2.INTER_LINEAR,
        )
        for share in (WEAK, STRONG)
    )
    return weak, strong
