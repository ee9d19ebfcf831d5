"""Cut a detection's ink out of a picture: alone, without what its neighbours and lines reach into the box."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import Floats
from mnist_edge.finder import Found
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Cut round a detection's box, as a share of its longer side: boxes are up to two pixels of 20 off.
MARGIN = 0.12
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
    level = found.levels[max(int(found.depths[index]) - 1, 0)].ink
    scale = np.array([level.shape[1] / shape[1], level.shape[0] / shape[0]] * 2, np.float32)
    inner, outer = _spans(found.detections.boxes[index] * scale, level.shape)
    patch = level[outer.slices]
    within = Box(inner.x - outer.x, inner.y - outer.y, inner.width, inner.height).slices
    if not patch[within].size:
        return None
    # The middle of the stroke, whatever specks are darker.
    strength = float(np.percentile(patch[within], 95))
    if strength < LEAST_STRENGTH:
        return None
    binary = cv2.compare(patch, INK * strength, cv2.CMP_GT)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    own = np.bincount(labels[within].ravel(), minlength=len(stats)) >= OWN_SHARE * stats[:, cv2.CC_STAT_AREA]
    own[0] = False
    mask = own[labels]
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    # Half a pixel of soft edge belongs to the stroke too.
    soft = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
    ink = cv2.convertScaleAbs(cv2.multiply(patch, soft), alpha=255 / strength)
    left, right, top, bottom = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    tight = np.array([outer.x + left, outer.y + top, right - left, bottom - top]) / scale
    x, y, width, height = np.rint(tight).astype(int).tolist()
    return Crop(Box(x, y, max(width, 1), max(height, 1)), np.asarray(ink[top:bottom, left:right], np.uint8))


def _spans(box: Floats, shape: tuple[int, ...]) -> tuple[Box, Box]:
    """The pixels of a level that a box covers, and with its margin."""
    margin = 1 + MARGIN * float(max(box[2], box[3]))
    return _pixels(box, 0.0, shape), _pixels(box, margin, shape)


def _pixels(box: Floats, margin: float, shape: tuple[int, ...]) -> Box:
    left, top = (max(0, int(np.floor(value - margin))) for value in box[:2])
    right, bottom = (
        min(limit, int(np.ceil(start + side + margin)))
        for start, side, limit in zip(box[:2], box[2:], shape[::-1], strict=True)
    )
    return Box(left, top, max(0, right - left), max(0, bottom - top))
