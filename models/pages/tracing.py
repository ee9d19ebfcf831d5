"""Digits of a data set traced to their centre lines, so that any pen can draw them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.opencv import cv2
from mnist_edge.strokes import Stroke

UPSCALE = 3  # a centre line between pixels of the 28x28 image
BLOT = 2.7  # pixels of the 28x28 image from the middle of a blot to its edge
LOOPS = {0: 1, 6: 1, 8: 2, 9: 1}  # of digits that are another without them
# Straight neighbours come first, so that a walk leaves no corner behind.
NEIGHBOURS = ((0, -1), (1, 0), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, 1), (-1, -1))
Pixel = tuple[int, int]
# Images that a process keeps the lines of: a data set of MNIST's size, in about 250 MB where all of it is drawn.
KEPT = 70_000
SHAPE = (28, 28)


def trace(image: NDArray[np.uint8]) -> list[Stroke]:
    """The centre lines of a digit, moved and scaled to height 1 with its top left corner at (0, 0).

    An image is traced once in a process, since tracing takes longer than drawing; the lines are not to be changed.

    Args:
        image: Shape (28, 28), 0 = background, 255 = full ink.

    Raises:
        DataError: There is no ink.
    """
    return list(_trace(image.tobytes()))


@lru_cache(KEPT)
def _trace(pixels: bytes) -> tuple[Stroke, ...]:
    ink = _ink(np.frombuffer(pixels, np.uint8).reshape(SHAPE))
    if not ink.any():
        raise DataError("an image of the data set has no ink: remove it, or draw from another split")
    half_width = float(cv2.distanceTransform(ink, cv2.DIST_L2, 3).max())
    paths = _paths(_thin(cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT)), half_width)
    strokes = [_smooth(np.array(path, float), 1.2 * UPSCALE) for path in paths]
    corner = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    width, height = np.max([stroke.max(axis=0) for stroke in strokes], axis=0) - corner
    unit = max(height, 0.5 * width, 1.0)
    lines = tuple((stroke - corner) / unit for stroke in strokes)
    for line in lines:
        line.setflags(write=False)
    return lines


def is_legible(image: NDArray[np.uint8], label: int) -> bool:
    """Whether a digit can be read from its centre lines, unlike a blot or a loop filled with ink.

    Of MNIST's images about four in five can.

    Args:
        image: As for `trace`.
        label: 0 to 9.
    """
    return _is_legible(image.tobytes(), label)


@lru_cache(KEPT)
def _is_legible(pixels: bytes, label: int) -> bool:
    ink = _ink(np.frombuffer(pixels, np.uint8).reshape(SHAPE))
    paper = cv2.copyMakeBorder(1 - ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    if cv2.distanceTransform(1 - paper, cv2.DIST_L2, 3).max() > BLOT * UPSCALE:
        return False
    sizes = cv2.connectedComponentsWithStats(paper, connectivity=4)[2][1:, cv2.CC_STAT_AREA]
    return int((sizes >= UPSCALE).sum()) - 1 >= LOOPS.get(label, 0)


def _ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Upscaled, sharpened so that small loops open, binarised to 0 and 1, and without stray specks."""
    large = cv2.resize(image.astype(np.float32), None, fx=UPSCALE, fy=UPSCALE, interpolation=cv2.INTER_CUBIC)
    fine, coarse = (cv2.GaussianBlur(large, (0, 0), sigma * UPSCALE) for sigma in (0.4, 1.2))
    ink = np.asarray(fine + 0.7 * (fine - coarse) > 0.45 * max(1.0, float(large.max())), np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(ink)
    large_enough = stats[:, cv2.CC_STAT_AREA] > 0.1 * ink.sum()
    return ink * np.asarray(large_enough[parts], np.uint8)


def _thin(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lines one pixel wide (Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984)."""
    thin = ink.copy()
    while True:
        before = int(thin.sum())
        for removable in _REMOVABLE:
            code = cv2.filter2D(thin, cv2.CV_8U, _CODE, borderType=cv2.BORDER_CONSTANT)
            thin[removable[code]] = 0
        if int(thin.sum()) == before:
            return thin


def _removable() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For both passes: which of the 256 neighbourhoods (a bit each, clockwise from north) do without their centre."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    around, rises = bits.sum(axis=1), ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    border = (around >= 2) & (around <= 6) & (rises == 1)
    north, east, south, west = (bits[:, k] == 1 for k in (0, 2, 4, 6))
    return (
        border & ~(north & east & south) & ~(east & south & west),
        border & ~(north & east & west) & ~(north & south & west),
    )


_REMOVABLE = _removable()
_CODE = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def _paths(thin: NDArray[np.uint8], half_width: float) -> list[list[Pixel]]:
    """Walks along the lines, straight on where they cross, until every pixel was visited."""
    every = frozenset((x, y) for y, x in np.argwhere(thin).tolist())
    left = set(every)
    paths: list[list[Pixel]] = []
    while left:
        # From a loose end, where there is one.
        path = _walk(min(left, key=lambda at: (len(_around(at, left)), at[1], at[0])), left)
        # Join what was cut: a side branch to its trunk, a loop to its start.
        for _ in range(2):
            path.reverse()
            recent = set(path[-4:]) if len(path) > 4 else set(path)
            joint = [at for at in _around(path[-1], every) if at not in left and at not in recent]
            path += joint[:1]
        if len(path) > 1.1 * half_width:
            paths.append(path)
        elif not paths and not left:
            paths.append([path[0], (path[0][0], path[0][1] + 1)] if len(path) < 2 else path)
    return paths


def _walk(start: Pixel, left: set[Pixel]) -> list[Pixel]:
    path = [start]
    left.discard(start)
    while ahead := _around(path[-1], left):
        back = path[max(0, len(path) - 7)]
        dx, dy = path[-1][0] - back[0], path[-1][1] - back[1]
        x, y = path[-1]
        at = max(ahead, key=lambda p: ((p[0] - x) * dx + (p[1] - y) * dy) / (1.4 if p[0] != x and p[1] != y else 1))
        path.append(at)
        left.discard(at)
    return path


def _around(at: Pixel, pixels: set[Pixel] | frozenset[Pixel]) -> list[Pixel]:
    x, y = at
    return [pixel for dx, dy in NEIGHBOURS if (pixel := (x + dx, y + dy)) in pixels]


def _smooth(path: Stroke, sigma: float) -> Stroke:
    """Without the stairs of its pixels; ends stay, and a closed loop stays closed."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    if len(path) > 2 * reach and np.abs(path[0] - path[-1]).max() <= 1:
        padded = np.pad(path, ((reach, reach), (0, 0)), mode="wrap")
        out = _blurred(padded, kernel)
        return np.concatenate([out, out[:1]])
    short = min(reach, len(path) - 1)
    padded = np.pad(path, ((short, short), (0, 0)), mode="reflect", reflect_type="odd")
    kernel = kernel[reach - short : reach + short + 1]
    return _blurred(padded, kernel)


def _blurred(padded: Stroke, kernel: NDArray[np.float64]) -> Stroke:
    return np.stack([np.convolve(padded[:, axis], kernel / kernel.sum(), "valid") for axis in (0, 1)], axis=1)
