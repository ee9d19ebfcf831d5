"""Separate the ink of a picture from its paper and from shadows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.components import Components, find_components
from mnist_edge.ink_level import darkness
from mnist_edge.opencv import cv2

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


class InkMap(NamedTuple):
    """The ink of a picture.

    Attributes:
        level: Shape (height, width), uint8: 0 = paper, 255 = black on white or white on black.
        components: The connected components of ink.
        near: Same shape as `level`, uint8: not 0 within two pixels of any ink.
    """

    level: NDArray[np.uint8]
    components: Components
    near: NDArray[np.uint8]


def find_ink(picture: NDArray[np.uint8], light_on_dark: bool = False) -> InkMap:
    """Separate ink from paper.

    Args:
        picture: Shape (height, width, 3), BGR.
        light_on_dark: Whether the writing is lighter than what it stands on.
    """
    if light_on_dark:
        picture = cv2.bitwise_not(picture)
    level = darkness(picture, _paper(picture))
    weak, strong = _thresholds(level)
    smooth = cv2.GaussianBlur(level, (3, 3), 0)
    components = find_components(cv2.compare(smooth, weak, cv2.CMP_GT), cv2.compare(smooth, strong, cv2.CMP_GT))
    return InkMap(level, components, cv2.dilate(components.binary, np.ones((5, 5), np.uint8)))


def _paper(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture without ink: a closing fills strokes and keeps the edges of shadows.

    That of `mnist_edge.ink_level` fills no stroke but those of the width that a finder sees; here they may have any.
    """
    small = cv2.medianBlur(_reduced(picture, PAPER_SIDE), 3)
    width = round(WIDEST_STROKE * max(small.shape)) | 1
    # A square, since anything else takes twenty times as long.
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    # Two boxes are nearly a Gaussian of 1.6 pixels, in a fifth of the time.
    smooth = cv2.blur(cv2.blur(closed, (5, 5)), (3, 3))
    return np.asarray(cv2.resize(smooth, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink a picture by the whole number, which is fastest, that brings its longer side nearest to `side`."""
    factor = round(max(image.shape[:2]) / side)
    if factor <= 1:
        return image
    size = [max(1, length // factor) for length in image.shape[1::-1]]
    whole = image[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


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
