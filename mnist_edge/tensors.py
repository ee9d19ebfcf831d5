"""How the tensors of a `.tflite` hold pixels and probabilities.

The `details` of a tensor are an item of the interpreter's `get_input_details` or `get_output_details`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import UsageError, described

# A range that a converter found on images of 0 to 1 may be this far from 0 or 1: one step of a byte is 1/255.
NEAR = 0.01
# It may also end early, where no image had full ink: from this value on it still means 0 to 1.
PALEST_INK = 0.5


def as_input(images: NDArray[Any]) -> NDArray[np.float32]:
    """Scale images to what the networks take; the dtype alone decides what the values mean.

    Args:
        images: Shape (n, 28, 28) or (n, 28, 28, 1). uint8 means 0 to 255, floating point means 0 to 1;
            0 is background, the top is full ink.

    Returns:
        Shape (n, 28, 28, 1), 0 to 1.

    Raises:
        UsageError: It is no array, or of another shape, dtype or range, or has NaN.
    """
    images = with_channel(images)
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise UsageError(f"images must be uint8 (0 to 255) or floating point (0 to 1), not {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise UsageError(f"floating point images must lie in 0 to 1, these span {images.min()} to {images.max()}")
    return images.astype(np.float32)


def pixel_range(details: dict[str, Any]) -> tuple[float, float]:
    """Find the real values that stand for background and for full ink in a model's input tensor.

    Floating point is 0 to 1. A quantised byte spans the range that the network was trained on, which may be -1 to 1,
    or 0 to 255, or standardised: background is its lowest value and full ink its highest. Integers without a scale are
    pixels from 0 to 255, in int8 less 128.
    """
    dtype = np.dtype(details["dtype"])
    if dtype.kind == "f":
        return 0.0, 1.0
    if not details["quantization"][0]:
        return (-128.0, 127.0) if dtype == np.int8 else (0.0, 255.0)
    values = byte_values(details)
    # Two bytes span 0 to 1 whatever range the converter found.
    if values is None or (abs(values.min()) < NEAR and PALEST_INK <= values.max() < 1 + NEAR):
        return 0.0, 1.0
    return float(values.min()), float(values.max())


def with_channel(images: NDArray[Any]) -> NDArray[Any]:
    """Check that images have shape (n, 28, 28) or (n, 28, 28, 1), and add the channel where it is missing."""
    if not isinstance(images, np.ndarray):
        raise UsageError(f"images must be a NumPy array, not {described(images)}")
    if images.ndim == 3:
        images = images[..., None]
    if images.shape[1:] != (28, 28, 1):
        raise UsageError(f"images must have shape (n, 28, 28) or (n, 28, 28, 1), not {images.shape}")
    return images


def quantise(values: NDArray[np.float32], details: dict[str, Any]) -> NDArray[Any]:
    """Round real values to a tensor's scale and zero point, and clip them to its dtype."""
    dtype = np.dtype(details["dtype"])
    scale, zero_point = details["quantization"]
    if dtype.kind == "f":
        return values.astype(dtype)
    if not scale:
        return np.rint(values).astype(dtype)
    limits = np.iinfo(dtype)
    quantised: NDArray[Any] = np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(dtype)
    return quantised


def dequantise(values: NDArray[Any], details: dict[str, Any]) -> NDArray[np.float32]:
    """Turn a tensor's values into real ones."""
    scale, zero_point = details["quantization"]
    if values.dtype.kind == "f" or not scale:
        return values.astype(np.float32)
    real: NDArray[np.float32] = ((values.astype(np.float32) - zero_point) * np.float32(scale)).astype(np.float32)
    return real


def byte_values(details: dict[str, Any]) -> NDArray[np.float32] | None:
    """List the real value of each of a one-byte tensor's 256 values; None for a tensor of another type.

    Returns:
        Shape (256,), in the order of the bytes, so that int8's negative values index from the end, as Python's do.
    """
    dtype = np.dtype(details["dtype"])
    return dequantise(np.arange(256, dtype=np.uint8).view(dtype), details) if dtype.itemsize == 1 else None
