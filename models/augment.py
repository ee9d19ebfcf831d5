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

# Share of the digits that also pass through `camera`, at full strength: a small network that sees only damaged digits
# reads clean ones worse (LOG.md).
CAMERA_SHARE = 0.4
# The limits of `warp` at full strength.
MAX_ROTATION, MAX_SHEAR, MAX_SCALING, MAX_SHIFT = 17, 0.25, 0.15, 2  # degrees, ratio, ratio, pixels
DISPLACEMENT = 0.55  # standard deviation at the nodes of a 5x5 grid, pixels
PALEST = 0.6  # peak of the palest digit
NOISE = 0.04  # standard deviation
LINE_DARKNESS = 0.3, 0.9
INK = 0.2  # a pixel above is part of the digit
# Of `found_box`: the share of the digits; their size; how far off, in pixels; how far a neighbour's middle is from the
# digit's, the share that has one on a side, and half of the box's width, both in pixels of a digit of full size.
BOX_SHARE, BOX_SCALE, BOX_OFF = 0.15, (0.8, 1.0), 2.0
NEIGHBOUR, NEIGHBOUR_SHARE, HALF_BOX = (15.0, 20.0), 0.6, (9.0, 12.5)
MOST_STACKED = 1_000  # OpenCV counts rows in 16 bits


def pen(images: Batch, rng: Rng, strength: float = 1.0) -> Batch:
    """Write every digit in another hand, and pass some through a camera; the rest stay as clean as MNIST's own.

    Args:
        images: The digits.
        rng: Random numbers.
        strength: How far to warp, and how many to damage: 0 (not at all) to 1.
    """
    return _for_some(warp(images, rng, strength), rng, strength * CAMERA_SHARE, camera)


def camera(images: Batch, rng: Rng) -> Batch:
    """Damage digits as pens, lenses and segmenters do: by the faults of `FAULTS`, then paler, and some noisy."""
    for fault, share in FAULTS.items():
        images = _for_some(images, rng, share, fault)
    images = images * rng.uniform(PALEST, 1.0, (len(images), 1, 1)).astype(np.float32)
    return np.clip(_for_some(images, rng, NOISY_SHARE, add_noise), 0, 1)


def box(images: Batch, rng: Rng, strength: float = 1.0) -> Batch:
    """As `pen`, and some digits as the box of a finder holds them."""
    return _for_some(pen(images, rng, strength), rng, strength * BOX_SHARE, found_box)


AUGMENTATIONS: MappingProxyType[str, Callable[[Batch, Rng, float], Batch]] = MappingProxyType({"pen": pen, "box": box})


def warp(images: Batch, rng: Rng, strength: float = 1.0) -> Batch:
    """Move each image by a random affine map and a smooth random displacement, sampled bilinearly.

    Rotation, shear, scale and shift reach their limits at full strength, small values more often than large; the
    displacement (after Simard et al., "Best Practices for Convolutional Neural Networks", 2003) reaches about 1.2
    pixels.
    """
    n = len(images)
    angle = np.deg2rad(strength * rng.triangular(-MAX_ROTATION, 0, MAX_ROTATION, n))
    shear = strength * rng.triangular(-MAX_SHEAR, 0, MAX_SHEAR, n)
    scale_x, scale_y = 1 / (1 + strength * rng.triangular(-MAX_SCALING, 0, MAX_SCALING, (2, n)))
    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(n, 2, 2)
    slant = np.stack([scale_y, np.zeros(n), shear, scale_x], -1).reshape(n, 2, 2)
    centred = np.indices((28, 28), np.float32).reshape(2, -1) - 13.5
    positions = (rotation @ slant).astype(np.float32) @ centred + 13.5
    positions += (strength * rng.triangular(-MAX_SHIFT, 0, MAX_SHIFT, (n, 2, 1))).astype(np.float32)
    return _sample(images, positions + np.float32(strength) * _smooth_field(n, rng))


def found_box(images: Batch, rng: Rng) -> Batch:
    """Show digits as found: with remnants of neighbours on either side, off the middle, clipped where the box ends.

    The neighbours are other digits of the batch. What they leave makes the digit smaller and moves it, since all ink
    of a box is fitted into the frame.
    """
    n = len(images)
    centred = np.indices((28, 28), np.float32).reshape(2, -1) - 13.5
    scale = rng.uniform(*BOX_SCALE, (n, 1, 1)).astype(np.float32)
    off = rng.uniform(-BOX_OFF, BOX_OFF, (n, 2, 1)).astype(np.float32)
    shown = _sample(images, (centred - off) / scale + 13.5)
    for side in (-1, 1):
        away = np.zeros((n, 2, 1), np.float32)
        away[:, 1, 0] = side * rng.uniform(*NEIGHBOUR, n)
        neighbours = _sample(images[rng.permutation(n)], (centred - off) / scale - away + 13.5)
        there = (rng.random(n) < NEIGHBOUR_SHARE).astype(np.float32)
        shown = np.maximum(shown, neighbours * there[:, None, None])
    half = rng.uniform(*HALF_BOX, (n, 1)).astype(np.float32) * scale[:, 0]
    inside = np.abs(np.arange(28, dtype=np.float32) - 13.5) <= half
    return np.asarray(shown * inside[:, None], np.float32)


def thicken(images: Batch, rng: Rng | None = None) -> Batch:
    """Add half a pixel of ink around each stroke: grey dilation with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.maximum)) * np.float32(0.5)


def thin(images: Batch, rng: Rng | None = None) -> Batch:
    """Take half a pixel of ink from around each stroke: grey erosion with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.minimum)) * np.float32(0.5)


def blur(images: Batch, rng: Rng | None = None) -> Batch:
    """Apply a 3x3 binomial filter: a lens a little out of focus."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4, np.float32)


def halve(images: Batch, rng: Rng | None = None) -> Batch:
    """Show the digit at half the size, enlarged again."""
    small = images.reshape(len(images), 14, 2, 14, 2).mean(axis=(2, 4))
    return blur(small.repeat(2, axis=1).repeat(2, axis=2))


def break_strokes(images: Batch, rng: Rng) -> Batch:
    """Erase one or two rows or columns, as where a pen skipped or a ruled line was taken out."""
    return np.where(_band(images, rng, 6, 22), np.float32(0), images)


def clip_side(images: Batch, rng: Rng) -> Batch:
    """Cut one or two pixels of ink off one side, as of a digit at the border of the picture."""
    rows, columns = np.indices((28, 28))
    sides = np.stack([rows, 27 - rows, columns, 27 - columns])[rng.integers(0, 4, len(images))]
    nearest = np.where(images > INK, sides, 28).min(axis=(1, 2))[:, None, None]
    return np.where(sides < nearest + rng.integers(1, 3, (len(images), 1, 1)), np.float32(0), images)


def add_line(images: Batch, rng: Rng) -> Batch:
    """Leave a fragment of a ruled line, one or two pixels thick, with the digit; in some images it falls outside."""
    start, length = rng.integers(2, 14, (len(images), 1, 1)), rng.integers(8, 24, (len(images), 1, 1))
    rows, columns = np.indices((28, 28))
    within = (rows >= start) & (rows < start + length) & (columns >= start) & (columns < start + length)
    line = _band(images, rng, 3, 26) & within
    return np.maximum(images, line * rng.uniform(*LINE_DARKNESS, (len(images), 1, 1)).astype(np.float32))


def add_noise(images: Batch, rng: Rng) -> Batch:
    """Add a sensor's noise to every pixel; values may leave 0 to 1."""
    return images + rng.normal(0, NOISE, images.shape).astype(np.float32)


# The faults of a camera, in the order in which they happen, and the share of the digits that has each.
FAULTS: MappingProxyType[Callable[[Batch, Rng], Batch], float] = MappingProxyType(
    {thicken: 0.3, thin: 0.3, halve: 0.15, blur: 0.25, break_strokes: 0.15, clip_side: 0.1, add_line: 0.12}
)
NOISY_SHARE = 0.2


def _for_some(images: Batch, rng: Rng, share: float, change: Callable[[Batch, Rng], Batch]) -> Batch:
    some = rng.random(len(images)) < share
    images = images.copy()
    images[some] = change(images[some], rng)
    return images


def _sample(images: Batch, positions: Batch) -> Batch:
    """Bilinear samples at `positions`, shape (n, 2, 784), row first; background beyond the frame."""
    sampled = np.empty_like(images)
    for start in range(0, len(images), MOST_STACKED):
        some = slice(start, start + MOST_STACKED)
        sampled[some] = _sample_stacked(images[some], positions[some])
    return sampled


def _sample_stacked(images: Batch, positions: Batch) -> Batch:
    """Sample images as one tall one, since a call of OpenCV costs more than its work on 28x28 pixels."""
    # Here, so that recipes without augmentation train without OpenCV.
    from mnist_edge.opencv import cv2

    n = len(images)
    # A row of background above each image and one below keep it apart from its neighbours.
    stack = np.zeros((n, 30, 28), np.float32)
    stack[:, 1:29] = images
    rows, columns = positions.reshape(n, 2, 28, 28).transpose(1, 0, 2, 3)
    rows = np.clip(rows, -1, 28) + (30 * np.arange(n, dtype=np.float32) + 1)[:, None, None]
    sampled = cv2.remap(stack.reshape(-1, 28), columns.reshape(-1, 28), rows.reshape(-1, 28), cv2.INTER_LINEAR)
    return np.asarray(sampled, np.float32).reshape(n, 28, 28)


def _smooth_field(n: int, rng: Rng) -> Batch:
    """Displacements, shape (n, 2, 784), bilinear between the random nodes of a 5x5 grid."""
    at = np.linspace(0, 4, 28)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(5))).astype(np.float32)
    nodes = rng.normal(0, DISPLACEMENT, (n, 2, 5, 5)).astype(np.float32)
    return np.asarray(weights @ nodes @ weights.T, np.float32).reshape(n, 2, 784)


def _neighbourhood(images: Batch, choose: Callable[[Batch, Batch], Batch]) -> Batch:
    """The least or greatest of each pixel and its four neighbours, by `choose`."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    upright = choose(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    across = choose(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return choose(images, choose(upright, across))


def _band(images: Batch, rng: Rng, first: int, last: int) -> NDArray[np.bool_]:
    """A mask of one or two whole rows or columns of each image, from `first` to before `last`."""
    position = rng.integers(first, last, (len(images), 1, 1))
    thickness = rng.integers(1, 3, (len(images), 1, 1))
    rows, columns = np.indices((28, 28))
    along = np.where(rng.random((len(images), 1, 1)) < 0.5, rows, columns)
    return np.asarray((along >= position) & (along < position + thickness))
