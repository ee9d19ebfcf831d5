"""Handwriting as lines of a pen, drawn with any pen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# The path of a pen: shape (n, 2), x to the right and y down.
Stroke = NDArray[np.float64]
Colour = tuple[int, int, int]  # BGR, 0 to 255
PAPERS: tuple[Colour, ...] = ((228, 236, 240), (205, 226, 236), (236, 236, 232), (196, 210, 214), (232, 222, 205))
PENS: tuple[Colour, ...] = ((40, 36, 36), (62, 52, 50), (120, 45, 30), (150, 70, 40), (45, 35, 165), (70, 95, 30))


@dataclass(frozen=True, slots=True)
class Pen:
    """What a stroke is drawn with.

    Attributes:
        width: Pixels.
        pressure: How much the width varies along a stroke, 0 to 1.
        dry: How often the ink fails, 0 to 1.
    """

    width: float
    pressure: float = 0.0
    dry: float = 0.0


def resample(stroke: Stroke, step: float) -> Stroke:
    """The same path with points at about equal distances of `step`, at least two."""
    lengths = np.hypot(*np.diff(stroke, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)], axis=1)


def render(strokes: Sequence[Stroke], pen: Pen, rng: np.random.Generator) -> tuple[NDArray[np.uint8], int, int]:
    """Draw strokes, anti-aliased.

    Args:
        strokes: In pixels of the picture.
        pen: What draws.
        rng: Decides where the pen presses and where it fails.

    Returns:
        The ink, 0 to 255, cut out of the picture, and the x and y of its corner there, which may be negative.
    """
    points = np.concatenate(strokes)
    pad = int(pen.width) + 3
    x, y = np.floor(points.min(axis=0)).astype(int) - pad
    width, height = np.ceil(points.max(axis=0)).astype(int) + pad - (x, y)
    # Drawn larger, which anti-aliases, so that whole pixels of width do not show.
    scale = int(np.clip(np.ceil(8 / pen.width), 3 if pen.width < 12 else 2, 6))
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    for stroke in strokes:
        path = resample((stroke - (x, y) + 0.5) * scale - 0.5, max(1.5 * scale, 0.25 * pen.width * scale))
        _draw(canvas, path, pen, scale, rng)
    return np.asarray(cv2.resize(canvas, (int(width), int(height)), interpolation=cv2.INTER_AREA)), int(x), int(y)


def fill(contours: Sequence[Stroke], grow: float = 0.0) -> tuple[NDArray[np.uint8], int, int]:
    """Fill closed contours by the even-odd rule, anti-aliased; `grow` pixels bolder. Returns as `render` does."""
    points = np.concatenate(contours)
    pad = int(max(grow, 0)) + 3
    x, y = np.floor(points.min(axis=0)).astype(int) - pad
    width, height = np.ceil(points.max(axis=0)).astype(int) + pad - (x, y)
    scale = 4
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    fixed = [np.round(((contour - (x, y) + 0.5) * scale - 0.5) * 16).astype(np.int32) for contour in contours]
    cv2.fillPoly(canvas, fixed, 255, cv2.LINE_8, 4)
    if thickness := round(grow * scale):
        cv2.polylines(canvas, fixed, True, 255, thickness, cv2.LINE_8, 4)
    return np.asarray(cv2.resize(canvas, (int(width), int(height)), interpolation=cv2.INTER_AREA)), int(x), int(y)


def wave(count: int, period: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth random curve of `count` values about 0, most within -1 to 1, that turns every `period` values."""
    knots = rng.normal(0, 0.6, int(count / period) + 3)
    return np.interp(np.arange(count) / period + rng.uniform(), np.arange(len(knots)), knots)


def _draw(canvas: NDArray[np.uint8], path: Stroke, pen: Pen, scale: int, rng: np.random.Generator) -> None:
    width = pen.width * scale
    step = max(float(np.hypot(*(path[1] - path[0]))), 1e-3)
    widths = width * np.clip(1 + 0.6 * pen.pressure * wave(len(path), 4 * width / step, rng), 0.45, 1.5)
    if pen.dry and pen.width >= 5:
        _draw_bristles(canvas, path, widths, pen.dry, scale, rng)
        return
    wet = wave(len(path), 2.5 * width / step, rng) > 1.5 * pen.dry - 1.9 if pen.dry else np.ones(len(path), bool)
    if wet.all() and float(np.ptp(widths)) < 1.5:
        fixed = np.round(path * 16).astype(np.int32)[:, None]
        cv2.polylines(canvas, [fixed], False, 255, max(1, round(width) - 1), cv2.LINE_8, 4)
        return
    _draw_segments(canvas, path, widths, wet)


def _draw_bristles(
    canvas: NDArray[np.uint8],
    path: Stroke,
    widths: NDArray[np.float64],
    dry: float,
    scale: int,
    rng: np.random.Generator,
) -> None:
    """Many thin lines side by side: each runs dry now and then, more so towards the end."""
    ahead = np.gradient(path, axis=0)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    thin = max(1.6 * scale, float(widths.mean()) / 14)
    fading = dry * np.linspace(0.6, 1.4, len(path))
    for offset in np.arange(-0.5 + 0.02, 0.5, 0.8 * thin / float(widths.mean())):
        wet = wave(len(path), len(path) / 5, rng) + 0.5 * rng.normal() > 2.6 * fading - 1.7
        _draw_segments(canvas, path + normal * (widths * offset)[:, None], np.full(len(path), thin), wet)


def _draw_segments(
    canvas: NDArray[np.uint8], path: Stroke, widths: NDArray[np.float64], wet: NDArray[np.bool_]
) -> None:
    fixed = np.round(path * 16).astype(int).tolist()
    # OpenCV draws a line a pixel wider than asked.
    thickness = np.maximum(1, np.round(widths) - 1).astype(int).tolist()
    for index in np.flatnonzero(wet[:-1] & wet[1:]).tolist():
        cv2.line(canvas, fixed[index], fixed[index + 1], 255, thickness[index], cv2.LINE_8, 4)
