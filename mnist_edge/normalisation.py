"""The one way from ink to a 28x28 image in the convention of MNIST."""

import numpy as np
from numpy.typing import NDArray

SIDE = 28
BOX = 20
# Where MNIST's own images have their centre of mass, measured over its 60,000 training images: (14.00, 14.01).
CENTRE = 14.0


def normalise(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit one digit's ink into the 28x28 frame of MNIST.

    The longer side is scaled to 20 pixels, anti-aliased, and the centre of mass moved to the middle
    (LeCun et al., "Gradient-based learning applied to document recognition", 1998, section III.A).
    Scaling and moving are one resampling, with a triangle filter as wide as an output pixel; the move is by whole
    pixels, as MNIST's was, so that an image of MNIST comes out as it went in.

    Args:
        ink: Shape (height, width), 0 = paper, 255 = full ink. Margins do not matter: they are cut away.

    Returns:
        Shape (28, 28), same scale.

    Raises:
        ValueError: There is no ink, or the array is not two-dimensional uint8.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise ValueError(f"ink must be a two-dimensional uint8 array, not {ink.dtype} of shape {ink.shape}")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise ValueError("there is no ink")
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    scale = BOX / max(digit.shape)
    vertical = _resampling(digit.sum(axis=1), scale)
    horizontal = _resampling(digit.sum(axis=0), scale)
    image = vertical @ digit @ horizontal.T
    # What lands between pixels loses a little peak; MNIST's digits reach full ink.
    return np.asarray(np.rint(np.clip(image * (255 / max(image.max(), 1.0)), 0, 255)), np.uint8)


def _resampling(profile: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """The matrix, shape (28, n), that scales n pixels and moves their centre of mass to the middle of 28."""
    length = len(profile)
    positions = np.arange(length, dtype=np.float32) + 0.5
    centre = float(positions @ profile / profile.sum())
    # The digit may lean so far that centring would cut it: then it is moved back inside the frame.
    first_edge = float(np.rint(CENTRE + 0.5 - centre * scale))
    first_edge = min(max(first_edge, 0.0), SIDE - length * scale)
    outputs = (np.arange(SIDE, dtype=np.float32) + 0.5 - first_edge) / scale
    inside = np.ones(SIDE, bool)
    if scale > 1:
        # Enlarged ink ends where its outermost pixels do, rather than fading out over the next ones.
        inside = (outputs > 0) & (outputs < length)
        outputs = np.clip(outputs, 0.5, length - 0.5)
    reach = max(1.0, 1.0 / scale)
    weights = np.maximum(0.0, 1.0 - np.abs(outputs[:, None] - positions[None, :]) / reach)
    # Weights are shares of ink, so a pixel at the rim keeps its faintness rather than being divided by its part.
    return (weights * (inside[:, None] / reach)).astype(np.float32)
