"""Cut a detection's ink out of a picture: alone, without what its neighbours and lines reach into the box."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.finder import Found
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Cut round a detection's box, as a share of its longer side: boxes are up to two pixels of 20 off.
MARGIN = 0.12
# The strongest ink in a box is that of the pixel which this share of its pixels do not exceed.
STROKE = 0.95
# Ink is what reaches this share of the strongest ink in the box.
INK = 0.4
# A connected component belongs to the digit where this share of what is cut of it lies in the detection's box.
OWN_SHARE = 0.6
# Least ink level of the strongest ink in a box: less is the noise of paper.
LEAST_STRENGTH = 12


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """What a detection's box holds.

    Attributes:
        box: Tight around the ink, in pixels of the picture.
        ink: Shape (height, width), uint8, 0 = paper, 255 = full ink.
    """

    box: Box
    ink: NDArray[np.uint8]


def cut(found: Found, index: int, shape: tuple[int, ...]) -> Crop | None:
    """Cut out one detection, at twice the scale at which it was found, if the picture has it.

    Args:
        found: What the finder sees.
        index: Of the detection.
        shape: Of the picture: height, width.

    Returns:
        None where there is no ink.
    """
    level = found.levels[max(int(found.depths[index]) - 1, 0)]
    across, down = level.picture.shape[1] / shape[1], level.picture.shape[0] / shape[0]
    x, y, width, height = found.detections.boxes[index].tolist()
    box = x * across, y * down, width * across, height * down
    inner = _pixels(box, 0.0, level.picture.shape)
    outer = _pixels(box, 1 + MARGIN * max(box[2:]), level.picture.shape)
    if not inner.width or not inner.height:
        return None
    patch = level.ink_within(outer)
    within = Box(inner.x - outer.x, inner.y - outer.y, inner.width, inner.height).slices
    # The middle of the stroke, whatever specks are darker.
    strength = _percentile(patch[within], STROKE)
    if strength < LEAST_STRENGTH:
        return None
    _, inked = cv2.threshold(patch, INK * strength, 1, cv2.THRESH_BINARY)
    mask = _own(np.asarray(inked, np.uint8), within)
    left, top, wide, high = cv2.boundingRect(mask)
    if not wide:
        return None
    # Half a pixel of soft edge belongs to the stroke too.
    soft = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    ink = cv2.multiply(patch, soft, scale=255 / strength)[top : top + high, left : left + wide]
    x, width = round((outer.x + left) / across), max(round(wide / across), 1)
    y, height = round((outer.y + top) / down), max(round(high / down), 1)
    return Crop(Box(x, y, width, height), np.asarray(ink, np.uint8))


def _own(ink: NDArray[np.uint8], within: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Of ink, 0 or 1, the connected components that lie within a box, 0 or 1."""
    count, labels = cv2.connectedComponents(ink, connectivity=8)
    if count == 2:
        # One component, as most crops have.
        return ink if cv2.countNonZero(ink[within]) >= OWN_SHARE * cv2.countNonZero(ink) else np.zeros_like(ink)
    shares = np.bincount(labels[within].ravel(), minlength=count) / np.bincount(labels.ravel())
    own = shares >= OWN_SHARE
    own[0] = False
    return np.asarray(own[labels].view(np.uint8))


def _percentile(values: NDArray[np.uint8], share: float) -> int:
    """The value of which this share of all is no larger; `np.percentile` takes ten times as long."""
    place = int(share * (values.size - 1))
    return int(np.partition(values, place, axis=None)[place])


def _pixels(box: tuple[float, ...], margin: float, shape: tuple[int, ...]) -> Box:
    """The pixels of a level that a box covers with a margin round it."""
    x, y, width, height = box
    left, top = max(0, math.floor(x - margin)), max(0, math.floor(y - margin))
    right, bottom = min(shape[1], math.ceil(x + width + margin)), min(shape[0], math.ceil(y + height + margin))
    return Box(left, top, max(0, right - left), max(0, bottom - top))
