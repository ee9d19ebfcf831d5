"""Cut what a detection saw out of a picture: its own ink, without what neighbours and lines reach into the box."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.finder import Found
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Cut round a detection's box, as a share of its longer side: boxes are up to two pixels of 20 off.
MARGIN = 0.12
# Looked at round a detection's box, as a share of its longer side: a stroke may reach so far out of it.
AROUND = 0.6
# The strongest ink in a box is that of the pixel which this share of its pixels do not exceed.
STROKE = 0.95
# Ink is what reaches this share of the strongest ink in the box.
INK = 0.4
# A connected component belongs to the digit where this share of it lies in the detection's box: of what is cut of it,
# and of all of it.
CUT_SHARE, WHOLE_SHARE = 0.6, 0.5
# A straight run of ink through this share of what is looked at is a line, not a stroke of the digit.
LINE = 0.85
# Least ink level of the strongest ink in a box: less is paper's noise and shade. Of 1,709 digits that are found on 120
# generated pages the faintest has 28, and a shaded blank page has up to 23.
LEAST_STRENGTH = 24

# A stroke's rim is a pixel wide.
RIM = np.ones((3, 3), np.uint8)

Mask = NDArray[np.uint8]
# The rows and columns of a part of a patch.
Part = tuple[slice, slice]


class Crop(NamedTuple):
    """Ink that may be what a detection saw.

    Attributes:
        box: Tight around the ink, in pixels of the picture.
        ink: Shape (height, width), uint8, 0 = paper, 255 = full ink.
        whole: Whether nothing was cut off: it is connected components that lie mostly in the detection's box.
        bare: Whether lines that run through, or all paler ink, were removed.
    """

    box: Box
    ink: NDArray[np.uint8]
    whole: bool
    bare: bool


def cut(found: Found, index: int, shape: tuple[int, ...]) -> Iterator[Crop]:
    """Cut out one detection, at twice the scale at which it was found, if the picture has it.

    Args:
        found: What the finder sees.
        index: Of the detection.
        shape: Of the picture: height, width.

    Yields:
        What it may be, each with other bounds, those first of which least was changed; nothing where there is no ink.
    """
    level = found.levels[max(int(found.depths[index]) - 1, 0)]
    size = level.picture.shape
    across, down = size[1] / shape[1], size[0] / shape[0]
    x, y, width, height = found.detections.boxes[index].tolist()
    box = x * across, y * down, width * across, height * down
    longer = max(box[2:])
    inner, near, seen = (_pixels(box, margin, size) for margin in (0.0, 1 + MARGIN * longer, 2 + AROUND * longer))
    if not inner.width or not inner.height:
        return
    patch = level.ink_within(seen)
    within, nearby = _part(inner, seen), _part(near, seen)
    # The middle of the stroke, whatever specks are darker.
    strength = _percentile(patch[within], STROKE)
    if strength < LEAST_STRENGTH:
        return
    # Where what is looked at ends with the picture, no ink goes on.
    open_sides = seen.y > 0, seen.bottom < size[0], seen.x > 0, seen.right < size[1]
    every: set[Box] = set()
    for mask, whole, bare in _ways(patch, strength, within, nearby, open_sides):
        bounds = Box(*cv2.boundingRect(mask))
        if not bounds.width or bounds in every:
            continue
        every.add(bounds)
        # Half a pixel of soft edge belongs to the stroke too.
        soft = cv2.dilate(mask, RIM)
        own = np.asarray(cv2.multiply(patch, soft, scale=255 / strength)[bounds.slices], np.uint8)
        x, width = round((seen.x + bounds.x) / across), max(round(bounds.width / across), 1)
        y, height = round((seen.y + bounds.y) / down), max(round(bounds.height / down), 1)
        yield Crop(Box(x, y, width, height), own, whole, bare)


def _ways(
    patch: NDArray[np.uint8], strength: int, within: Part, nearby: Part, open_sides: tuple[bool, bool, bool, bool]
) -> Iterator[tuple[Mask, bool, bool]]:
    """Masks of what may be the digit's ink, whether that is whole, and whether other ink was removed for it."""
    ink = np.asarray(cv2.threshold(patch, INK * strength, 1, cv2.THRESH_BINARY)[1], np.uint8)
    # A printed grid is mostly paler than the pen; where it is not, lines that run straight through are no digit's.
    for change in (None, lambda: _darker(patch, ink), lambda: _without_lines(ink)):
        mask = change() if change else ink
        if mask is not None:
            yield _whole(mask, within, open_sides), True, change is not None
            yield _cut_off(mask, within, nearby), False, change is not None


def _darker(patch: NDArray[np.uint8], ink: Mask) -> Mask:
    """The darker of two kinds of ink, by the threshold that divides them best (Otsu's method)."""
    threshold, _ = cv2.threshold(patch[ink > 0], 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(cv2.threshold(patch, threshold, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _whole(ink: Mask, within: Part, open_sides: tuple[bool, bool, bool, bool]) -> Mask:
    """The components that lie mostly within the box; none where one goes on beyond what is looked at."""
    own = _own(ink, within, WHOLE_SHARE)
    left, top, width, height = cv2.boundingRect(own)
    ends = top == 0, top + height == own.shape[0], left == 0, left + width == own.shape[1]
    goes_on = width and any(is_open and is_end for is_open, is_end in zip(open_sides, ends, strict=True))
    return np.zeros_like(own) if goes_on else own


def _cut_off(ink: Mask, within: Part, nearby: Part) -> Mask:
    """The components that lie mostly within the box, of what is near to it; what lies further off is cut off."""
    mask = np.zeros_like(ink)
    inner = tuple(
        slice(inside.start - around.start, inside.stop - around.start)
        for inside, around in zip(within, nearby, strict=True)
    )
    mask[nearby] = _own(np.ascontiguousarray(ink[nearby]), (inner[0], inner[1]), CUT_SHARE)
    return mask


def _own(ink: Mask, within: Part, share: float) -> Mask:
    """Of ink, 0 or 1, the connected components of which that share lies within a box, 0 or 1."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count == 2:
        # One component, as most crops have.
        return ink if cv2.countNonZero(ink[within]) >= share * cv2.countNonZero(ink) else np.zeros_like(ink)
    is_own = np.bincount(labels[within].ravel(), minlength=count) >= share * statistics[:, cv2.CC_STAT_AREA]
    is_own[0] = False
    own = np.flatnonzero(is_own)
    # A comparison takes a tenth of the time of looking every pixel up, and a digit is mostly one component.
    return np.asarray((labels == own[0] if len(own) == 1 else is_own[labels]).view(np.uint8))


def _without_lines(ink: Mask) -> Mask | None:
    """Ink without straight runs along rows or columns through most of its picture; None where there are none."""
    height, width = (max(3, round(LINE * side)) for side in ink.shape)
    # Few pictures have a row or column with ink enough, which takes a quarter of the time to see.
    if ink.sum(axis=0).max() < height and ink.sum(axis=1).max() < width:
        return None
    across, upright = (
        cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(run, np.uint8)) for run in ((1, width), (height, 1))
    )
    lines = np.asarray(cv2.bitwise_or(across, upright), np.uint8)
    # A line's rims are ragged.
    rims = cv2.dilate(lines, RIM)
    return np.asarray(cv2.subtract(ink, rims), np.uint8) if cv2.countNonZero(lines) else None


def _percentile(values: NDArray[np.uint8], share: float) -> int:
    """The value of which this share of all is no larger; `np.percentile` takes ten times as long."""
    place = int(share * (values.size - 1))
    return int(np.partition(values, place, axis=None)[place])


def _part(box: Box, seen: Box) -> Part:
    """A box as rows and columns of what is looked at."""
    return Box(box.x - seen.x, box.y - seen.y, box.width, box.height).slices


def _pixels(box: tuple[float, ...], margin: float, shape: tuple[int, ...]) -> Box:
    """The pixels of a level that a box covers with a margin round it."""
    x, y, width, height = box
    left, top = max(0, math.floor(x - margin)), max(0, math.floor(y - margin))
    right, bottom = min(shape[1], math.ceil(x + width + margin)), min(shape[0], math.ceil(y + height + margin))
    return Box(left, top, max(0, right - left), max(0, bottom - top))
