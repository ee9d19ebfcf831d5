"""Handwritten digits of our own, as strokes of a pen: for where no data set is."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_edge.normalisation import normalise
from mnist_edge.strokes import Pen, Stroke, render

# Paths of a pen in a box about 0.6 wide and 1 high, y down. A curve goes smoothly through its points; a point given
# twice is a corner. Several ways to write each digit.
_Path = list[tuple[float, float]]
_WAYS: dict[int, list[list[_Path]]] = {
    0: [
        [[(0.36, 0.0), (0.1, 0.16), (0.0, 0.52), (0.1, 0.86), (0.32, 1.0), (0.54, 0.82), (0.6, 0.46), (0.5, 0.12),
          (0.34, 0.0)]],
        [[(0.3, 0.02), (0.06, 0.24), (0.02, 0.68), (0.26, 1.0), (0.52, 0.78), (0.56, 0.3), (0.36, 0.02),
          (0.22, 0.06)]],
    ],
    1: [
        [[(0.3, 0.0), (0.3, 0.5), (0.29, 1.0)]],
        [[(0.4, 0.0), (0.33, 0.5), (0.24, 1.0)]],
        [[(0.14, 0.2), (0.26, 0.11), (0.36, 0.0), (0.36, 0.0), (0.34, 0.5), (0.33, 1.0)]],
    ],
    2: [
        [[(0.02, 0.22), (0.14, 0.05), (0.34, 0.0), (0.55, 0.12), (0.55, 0.36), (0.34, 0.68), (0.0, 0.98), (0.0, 0.98),
          (0.3, 0.97), (0.62, 0.95)]],
        [[(0.04, 0.2), (0.22, 0.02), (0.48, 0.04), (0.58, 0.24), (0.44, 0.56), (0.18, 0.88), (0.02, 0.94),
          (0.1, 0.8), (0.3, 0.9), (0.6, 0.98)]],
    ],
    3: [
        [[(0.03, 0.12), (0.26, 0.0), (0.52, 0.1), (0.5, 0.34), (0.22, 0.46), (0.22, 0.46), (0.5, 0.56), (0.58, 0.78),
          (0.38, 0.98), (0.02, 0.92)]],
        [[(0.06, 0.06), (0.34, 0.0), (0.54, 0.16), (0.42, 0.38), (0.24, 0.45), (0.46, 0.52), (0.6, 0.72),
          (0.44, 0.94), (0.16, 1.0), (0.0, 0.88)]],
    ],
    4: [
        [[(0.12, 0.0), (0.06, 0.3), (0.0, 0.58), (0.0, 0.58), (0.3, 0.57), (0.62, 0.53)],
         [(0.48, 0.08), (0.46, 0.5), (0.44, 1.0)]],
        [[(0.06, 0.04), (0.02, 0.34), (0.14, 0.52), (0.36, 0.5), (0.5, 0.42)],
         [(0.52, 0.0), (0.5, 0.5), (0.46, 1.0)]],
    ],
    5: [
        [[(0.12, 0.03), (0.09, 0.25), (0.06, 0.45), (0.06, 0.45), (0.3, 0.38), (0.54, 0.54), (0.56, 0.8), (0.34, 0.99),
          (0.02, 0.94)],
         [(0.12, 0.03), (0.36, 0.02), (0.58, 0.0)]],
        [[(0.56, 0.0), (0.34, 0.02), (0.14, 0.02), (0.14, 0.02), (0.1, 0.22), (0.08, 0.42), (0.08, 0.42), (0.32, 0.38),
          (0.54, 0.52), (0.56, 0.78), (0.36, 0.98), (0.04, 0.92)]],
    ],
    6: [
        [[(0.44, 0.0), (0.2, 0.22), (0.04, 0.56), (0.06, 0.86), (0.28, 1.0), (0.5, 0.88), (0.52, 0.66), (0.32, 0.54),
          (0.07, 0.74)]],
        [[(0.3, 0.0), (0.1, 0.34), (0.02, 0.7), (0.16, 0.97), (0.42, 0.96), (0.54, 0.76), (0.42, 0.58), (0.2, 0.6),
          (0.04, 0.76)]],
    ],
    7: [
        [[(0.0, 0.06), (0.3, 0.04), (0.58, 0.0), (0.58, 0.0), (0.4, 0.46), (0.24, 1.0)]],
        [[(0.02, 0.02), (0.32, 0.03), (0.58, 0.03), (0.58, 0.03), (0.36, 0.5), (0.22, 1.0)],
         [(0.2, 0.52), (0.36, 0.5), (0.52, 0.49)]],
    ],
    8: [
        [[(0.5, 0.12), (0.3, 0.0), (0.1, 0.12), (0.14, 0.34), (0.34, 0.5), (0.54, 0.68), (0.5, 0.92), (0.28, 1.0),
          (0.06, 0.88), (0.08, 0.66), (0.3, 0.48), (0.48, 0.32), (0.5, 0.14)]],
        [[(0.3, 0.48), (0.1, 0.32), (0.12, 0.1), (0.32, 0.0), (0.5, 0.12), (0.48, 0.34), (0.3, 0.48), (0.08, 0.64),
          (0.04, 0.86), (0.28, 1.0), (0.54, 0.88), (0.52, 0.64), (0.3, 0.48)]],
    ],
    9: [
        [[(0.52, 0.16), (0.32, 0.0), (0.08, 0.1), (0.04, 0.34), (0.24, 0.48), (0.46, 0.36), (0.54, 0.12), (0.54, 0.12),
          (0.52, 0.55), (0.48, 1.0)]],
        [[(0.5, 0.2), (0.34, 0.02), (0.1, 0.08), (0.04, 0.3), (0.2, 0.46), (0.42, 0.38), (0.52, 0.16), (0.52, 0.4),
          (0.46, 0.72), (0.32, 1.0)]],
    ],
}  # fmt: skip
# Of a drawn digit before it is normalised, and of its pen, in pixels.
_HEIGHT, _WIDTHS = 60, (5.0, 9.0)
# Points on a curve from one given point to the next.
_FINE = 12


def write_digit(label: int, rng: np.random.Generator) -> list[Stroke]:
    """One way to write a digit, never twice the same: height about 1, its top left corner about (0, 0).

    Args:
        label: 0 to 9.
        rng: Decides on the way, the slant, the proportions and the unsteadiness of the hand.
    """
    ways = _WAYS[label]
    slant, widening, turn = rng.normal(-0.08, 0.08), rng.uniform(0.85, 1.15), rng.normal(0, 0.03)
    shape = np.array([[widening, slant], [0, 1]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    strokes = []
    for path in ways[int(rng.integers(len(ways)))]:
        points = np.array(path)
        # Both of a corner's points move together, or it would be none.
        moved = points + _unsteady(points, rng)
        strokes.append(_curve(moved) @ (rotation @ shape).T)
    return strokes


def drawn_digits(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw digits in the form of MNIST, each as often as the others.

    Returns:
        Images, shape (count, 28, 28), 0 = paper, 255 = full ink, and their labels, shape (count,).
    """
    rng, labels = np.random.default_rng(seed), np.arange(count, dtype=np.uint8) % 10
    images = []
    for label in labels:
        strokes = [stroke * _HEIGHT for stroke in write_digit(int(label), rng)]
        images.append(normalise(render(strokes, Pen(rng.uniform(*_WIDTHS)), rng)[0]))
    return np.stack(images), labels


def _unsteady(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    offsets = rng.normal(0, 0.014, points.shape)
    for index in _corners(points):
        offsets[index + 1] = offsets[index]
    return np.asarray(offsets)


def _corners(points: NDArray[np.float64]) -> list[int]:
    return [index for index in range(len(points) - 1) if (points[index] == points[index + 1]).all()]


def _curve(points: NDArray[np.float64]) -> Stroke:
    """A smooth curve through points (Catmull and Rom, "A class of local interpolating splines", 1974)."""
    cuts = [0, *(index + 1 for index in _corners(points)), len(points)]
    curves = []
    for begin, end in pairwise(cuts):
        part = points[begin:end]
        before, after = 2 * part[:1] - part[1:2], 2 * part[-1:] - part[-2:-1]
        a, b, c, d = (np.concatenate([before, part, after])[k : k + len(part) - 1, None] for k in range(4))
        t = np.linspace(0, 1, _FINE)[None, :, None]
        curve = b + t * (c - a) / 2 + t**2 * (a - 2.5 * b + 2 * c - d / 2) + t**3 * (1.5 * (b - c) + (d - a) / 2)
        curves.append(curve.reshape(-1, 2))
    return np.asarray(np.concatenate(curves), np.float64)
