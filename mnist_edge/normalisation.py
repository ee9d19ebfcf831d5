"""Normalise ink to a 28x28 image in the convention of MNIST; training, camera and library share this one function."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import UsageError, described

SIDE = 28
BOX = 20
# Where MNIST's own images have their centre of mass, measured over its 60,000 training images: (14.00, 14.01).
CENTRE = 14.0
# Longest side whose matrices are kept, pixels: that of all ink as the camera sees it.
MOST_KEPT = 128
_OUTPUTS = np.arange(0.5, SIDE, dtype=np.float32)


def normalise(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit one digit's ink into the 28x28 frame of MNIST.

    The longer side is scaled to 20 pixels, anti-aliased, and the centre of mass moved to the middle
    (LeCun et al., "Gradient-based learning applied to document recognition", 1998, section III.A).
    Scaling and moving are one resampling, with a triangle filter as wide as an output pixel; the move is by whole
    pixels, as MNIST's was, so that an image of MNIST comes out as it went in.

    Examples:
        >>> image = normalise(255 - grey)  # dark ink on white paper
        >>> image.shape, int(image.max())
        ((28, 28), 255)

    Args:
        ink: Shape (height, width), 0 = paper, 255 = full ink. Margins do not matter: they are cut away.

    Returns:
        Shape (28, 28), same scale.

    Raises:
        UsageError: There is no ink, or it is no two-dimensional array of uint8.
    """
    if not isinstance(ink, np.ndarray) or ink.ndim != 2 or ink.dtype != np.uint8:
        raise UsageError(f"ink must be a two-dimensional uint8 array, not {described(ink)}")
    whole = ink.astype(np.float32)
    down, across = whole.sum(axis=1), whole.sum(axis=0)
    rows, columns = _extent(down > 0), _extent(across > 0)
    digit = whole[rows, columns]
    longest = max(digit.shape)
    vertical = _resampling(down[rows], longest)
    horizontal = _resampling(across[columns], longest)
    image = vertical @ digit @ horizontal.T
    # Resampling lowers the peak a little; MNIST's digits reach full ink.
    image *= 255 / max(image.max(), 1.0)
    return np.asarray(np.rint(image, out=image).clip(0, 255, out=image), np.uint8)


def _extent(any_ink: NDArray[np.bool_]) -> slice:
    """Find the slice from the first row or column with ink to the last."""
    first = int(any_ink.argmax()) if len(any_ink) else 0
    if not any_ink.any():
        raise UsageError("there is no ink")
    return slice(first, len(any_ink) - int(any_ink[::-1].argmax()))


def _resampling(profile: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """The matrix, shape (28, n), that scales n pixels and moves their centre of mass to the middle of 28."""
    length, scale = len(profile), BOX / longest
    centre = float(np.arange(0.5, length, dtype=np.float32) @ profile) / float(profile.sum())
    # Centring may push a lopsided digit over the edge: then it is moved back inside the frame.
    first_edge = min(max(float(round(CENTRE + 0.5 - centre * scale)), 0.0), SIDE - length * scale)
    return (_kept_matrix if length <= MOST_KEPT else _matrix)(length, scale, first_edge)


def _matrix(length: int, scale: float, first_edge: float) -> NDArray[np.float32]:
    """The matrix, shape (28, length), that scales pixels and puts the edge of the first one there."""
    positions = np.arange(0.5, length, dtype=np.float32)
    outputs = (_OUTPUTS - np.float32(first_edge)) / np.float32(scale)
    reach = max(1.0, 1.0 / scale)
    # In place, since these steps take most of the time of normalisation.
    weights = outputs.clip(0.5, length - 0.5)[:, None] - positions if scale > 1 else outputs[:, None] - positions
    np.abs(weights, out=weights)
    weights *= np.float32(-1 / reach)
    weights += 1
    np.maximum(weights, 0, out=weights)
    # Weights are shares of ink and are not renormalised, so that a pixel at the rim stays faint.
    weights *= np.float32(1 / reach)
    if scale > 1:
        # Enlarged ink ends with its outermost pixels and does not fade out beyond them.
        weights[(outputs <= 0) | (outputs >= length)] = 0
    return weights


# There are few sizes and whole pixels to move by, so that most matrices are needed again: 7 MB at most.
_kept_matrix = lru_cache(512)(_matrix)
