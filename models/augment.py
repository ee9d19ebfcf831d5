"""Augmentation for a pen and a camera: what they make of a digit.

Everything works on whole batches of shape (n, 28, 28), float32, 0 = background, 1 = full ink, and draws its random
numbers from the generator that it is given.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]
Rng = np.random.Generator
CAMERA_SHARE = 0.4


def pen(images: Batch, rng: Rng, strength: float = 1.0) -> Batch:
    """Another hand for every image, and for two in five what a pen, a camera and a segmenter do to a digit.

    The rest stay as clean as MNIST's own: a small network that sees only damaged digits reads clean ones worse.

    Args:
        images: The digits.
        rng: Decides.
        strength: How far to warp, and how many to damage: 0 (not at all) to 1.
    """
    return _for_some(warp(images, rng, strength), rng, strength * CAMERA_SHARE, lambda some: camera(some, rng))


def camera(images: Batch, rng: Rng) -> Batch:
    """Thicker or thinner, small and enlarged, blurred, broken, clipped, with a piece of a ruled line, pale, noisy."""
    images = _for_some(images, rng, 0.3, thicken)
    images = _for_some(images, rng, 0.3, thin)
    images = _for_some(images, rng, 0.15, _halved)
    images = _for_some(images, rng, 0.25, blur)
    images = _for_some(images, rng, 0.15, lambda some: _break(some, rng))
    images = _for_some(images, rng, 0.1, lambda some: _clip(some, rng))
    images = _for_some(images, rng, 0.12, lambda some: _ruled(some, rng))
    images = images * rng.uniform(0.6, 1.0, (len(images), 1, 1)).astype(np.float32)
    return np.clip(_for_some(images, rng, 0.2, lambda some: _noisy(some, rng)), 0, 1)


AUGMENTATIONS: MappingProxyType[str, Callable[[Batch, Rng, float], Batch]] = MappingProxyType({"pen": pen})


def warp(images: Batch, rng: Rng, strength: float = 1.0) -> Batch:
    """A random affine map and a smooth random displacement of each image, sampled bilinearly.

    At full strength: rotation to 17 degrees, scale 0.85 to 1.15, shear 0.25, shift 2 pixels, small ones more often than
    large ones; the displacement (after Simard et al., "Best Practices for Convolutional Neural Networks", 2003) is a
    5x5 grid of up to about 1.2 pixels.
    """
    n = len(images)
    angle = np.deg2rad(strength * rng.triangular(-17, 0, 17, n))
    shear = strength * rng.triangular(-0.25, 0, 0.25, n)
    scale_x, scale_y = 1 / (1 + strength * rng.triangular(-0.15, 0, 0.15, (2, n)))
    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(n, 2, 2)
    slant = np.stack([scale_y, np.zeros(n), shear, scale_x], -1).reshape(n, 2, 2)
    centred = np.indices((28, 28), np.float32).reshape(2, -1) - 13.5
    positions = (rotation @ slant).astype(np.float32) @ centred + 13.5
    positions += (strength * rng.triangular(-2, 0, 2, (n, 2, 1))).astype(np.float32)
    return _sample(images, positions + np.float32(strength) * _smooth_field(n, rng))


def thicken(images: Batch) -> Batch:
    """Half a pixel more ink around each stroke: grey dilation with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.maximum)) * np.float32(0.5)


def thin(images: Batch) -> Batch:
    """Half a pixel less ink around each stroke: grey erosion with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.minimum)) * np.float32(0.5)


def _for_some(images: Batch, rng: Rng, share: float, change: Callable[[Batch], Batch]) -> Batch:
    some = rng.random(len(images)) < share
    images = images.copy()
    images[some] = change(images[some])
    return images


def _sample(images: Batch, positions: Batch) -> Batch:
    """Bilinear samples at `positions`, shape (n, 2, 784), row first; background beyond the frame."""
    n = len(images)
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2))).reshape(n, -1)
    row, column = np.clip(positions + 1, 0, 28.999).transpose(1, 0, 2)
    top, left = row.astype(np.intp), column.astype(np.intp)
    down, right = row - top, column - left
    corner = top * 31 + left + np.arange(n)[:, None] * 961
    flat = padded.reshape(-1)
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + 31] * (1 - right) + flat[corner + 32] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32).reshape(n, 28, 28)


def _smooth_field(n: int, rng: Rng) -> Batch:
    """A displacement, shape (n, 2, 784), bilinear between the random nodes of a 5x5 grid."""
    at = np.linspace(0, 4, 28)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(5))).astype(np.float32)
    nodes = rng.normal(0, 0.55, (n, 2, 5, 5)).astype(np.float32)
    return np.asarray(weights @ nodes @ weights.T, np.float32).reshape(n, 2, 784)


def _neighbourhood(images: Batch, choose: Callable[[Batch, Batch], Batch]) -> Batch:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    upright = choose(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    across = choose(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return choose(images, choose(upright, across))


def blur(images: Batch) -> Batch:
    """A 3x3 binomial filter: a lens a little out of focus."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4, np.float32)


def _halved(images: Batch) -> Batch:
    """Seen at half the size and enlarged again."""
    small = images.reshape(len(images), 14, 2, 14, 2).mean(axis=(2, 4))
    return blur(small.repeat(2, axis=1).repeat(2, axis=2))


def _noisy(images: Batch, rng: Rng) -> Batch:
    return images + rng.normal(0, 0.04, images.shape).astype(np.float32)


def _break(images: Batch, rng: Rng) -> Batch:
    """A gap of one or two pixels across the whole image, where a pen skipped or a ruled line was taken out."""
    return np.where(_band(images, rng, 6, 22), np.float32(0), images)


def _ruled(images: Batch, rng: Rng) -> Batch:
    """A piece of a ruled or grid line of one or two pixels that was left with the digit."""
    start, length = rng.integers(2, 14, (len(images), 1, 1)), rng.integers(8, 24, (len(images), 1, 1))
    rows, columns = np.indices((28, 28))
    within = (rows >= start) & (rows < start + length) & (columns >= start) & (columns < start + length)
    line = _band(images, rng, 3, 26) & within
    return np.maximum(images, line * rng.uniform(0.3, 0.9, (len(images), 1, 1)).astype(np.float32))


def _clip(images: Batch, rng: Rng) -> Batch:
    """One side cut off, to two pixels of ink: a digit at the border of the picture."""
    rows, columns = np.indices((28, 28))
    sides = np.stack([rows, 27 - rows, columns, 27 - columns])[rng.integers(0, 4, len(images))]
    nearest = np.where(images > 0.2, sides, 28).min(axis=(1, 2))[:, None, None]
    return np.where(sides < nearest + rng.integers(1, 3, (len(images), 1, 1)), np.float32(0), images)


def _band(images: Batch, rng: Rng, first: int, last: int) -> NDArray[np.bool_]:
    """One or two whole rows or columns of each image."""
    position = rng.integers(first, last, (len(images), 1, 1))
    thickness = rng.integers(1, 3, (len(images), 1, 1))
    rows, columns = np.indices((28, 28))
    along = np.where(rng.random((len(images), 1, 1)) < 0.5, rows, columns)
    return np.asarray((along >= position) & (along < position + thickness))
