"""Remove ruled, grid and table lines from the ink without cutting the digits that they touch."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.components import Components, find_components
from mnist_edge.camera.reader.order import quantile
from mnist_edge.opencv import cv2

# Least length of a line in multiples of its thickness, and as a share of the picture: a single line must be very long,
# since the 1 of a thin pen, or the bar of its 7, is as slender. The lines of a sheet are so many at least.
MIN_SLENDERNESS = 18
MIN_SHARE_AMONG_OTHERS = 0.12
MIN_SHARE_ALONE = 0.5
OTHERS = 3
# Least length, as a share of the picture, of a component that may hold a line; shorter ones may be the rest of a line
# where many have this slenderness and share of the width.
MIN_LENGTH = 0.2
SLENDER, SLENDER_LENGTH = 6, 0.02

# The slope of the lines, pixels per pixel, is measured on a picture with a longer side of so many pixels.
SLOPE_SIDE = 256
STEEPEST = 0.3
SLOPES = np.linspace(-STEEPEST, STEEPEST, 61)
# Lines with a smaller slope are found without levelling; a larger one must make the rows so many times as sharp.
LEVEL = 0.05
SHARPER = 3.0

Mask = NDArray[np.uint8]
# A slender run of ink: its share of the picture's width, its window, and its pixels there.
Run = tuple[float, tuple[slice, slice], Mask]


def without_lines(components: Components) -> Components:
    """Return the components of the ink without lines; the same object where there is no line."""
    if not _may_hold_lines(components):
        return components
    cleaned = remove_lines(components.binary)
    return components if cleaned is components.binary else find_components(cleaned)


def _may_hold_lines(components: Components) -> bool:
    """Whether a component is as long as a line, or many slender ones may be parts of a line."""
    height, width = components.binary.shape
    across, down = components.boxes[:, 2], components.boxes[:, 3]
    long = (across > MIN_LENGTH * width) | (down > MIN_LENGTH * height)
    slender = (across > SLENDER * down) & (across > SLENDER_LENGTH * width)
    return bool(long.any() or np.count_nonzero(slender) > OTHERS)


def remove_lines(binary: Mask) -> Mask:
    """Remove long thin lines that run along the sides of the picture, or of a sheet that lies a little askew in it.

    Args:
        binary: Shape (height, width), 255 = ink.
    """
    slopes = [_slope(picture) for picture in (binary, binary.T)]
    across, upright = (
        _slender_runs(_sheared(picture, slope)) for picture, slope in zip((binary, binary.T), slopes, strict=True)
    )
    ruled = len(across) >= OTHERS
    # Many upright strokes may be ones; with lines across them they are a grid.
    gridded = ruled and len(upright) >= OTHERS
    lines = _drawn(across, binary, slopes[0], ruled) | _drawn(upright, binary.T, slopes[1], gridded).T
    if not lines.any():
        return binary
    cleaned = cv2.bitwise_and(binary, cv2.bitwise_not(lines))
    # Where a stroke crossed a line, closing over the gap brings it back; a line alone leaves nothing to close.
    thickness = _thickness(lines) + 2
    bridged = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, np.ones((thickness, thickness), np.uint8))
    return np.asarray(cv2.bitwise_or(cleaned, cv2.bitwise_and(bridged, binary)), np.uint8)


def _slope(binary: Mask) -> float:
    """Return the slope of lines that run nearly along the rows, in pixels per pixel, where the rows' sums differ most.

    It is 0 where the sums differ not much more than those of level rows, since writing has a slope too.
    """
    scale = min(1.0, SLOPE_SIDE / max(binary.shape))
    size = [max(1, round(side * scale)) for side in binary.shape[::-1]]
    binary = np.ascontiguousarray(binary)
    # Lines are flat; most of writing is not.
    tall = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((_shortest_run(binary), 1), np.uint8))
    small = cv2.resize(cv2.bitwise_and(binary, cv2.bitwise_not(tall)), size, interpolation=cv2.INTER_AREA)
    rows, columns = np.nonzero(small)
    if not len(rows):
        return 0.0
    ink, offset = small[rows, columns], STEEPEST * small.shape[1]
    sums = (np.bincount((rows - slope * columns + offset).astype(np.intp), ink) for slope in SLOPES)
    sharpness = np.array([np.square(row_sums).sum() for row_sums in sums])
    best = int(sharpness.argmax())
    clear = sharpness[best] > SHARPER * sharpness[len(SLOPES) // 2]
    return float(SLOPES[best]) if clear and abs(SLOPES[best]) > LEVEL else 0.0


def _sheared(binary: Mask, slope: float) -> Mask:
    """Level what has the slope; the picture becomes as much taller as that needs."""
    if not slope:
        return binary
    height, width = binary.shape
    matrix, taller = _shear(slope, width)
    return np.asarray(
        cv2.warpAffine(np.ascontiguousarray(binary), matrix, (width, height + taller), flags=cv2.INTER_NEAREST)
    )


def _shear(slope: float, width: int) -> tuple[NDArray[np.float64], int]:
    """Return the affine matrix, and how many rows it adds."""
    return np.array([[1.0, 0.0, 0.0], [-slope, 1.0, max(0.0, slope * width)]]), int(np.ceil(abs(slope) * width))


def _drawn(runs: list[Run], binary: Mask, slope: float, are_many: bool) -> Mask:
    """Draw those of the runs that are lines in a picture like `binary`."""
    height, width = binary.shape
    matrix, taller = _shear(slope, width)
    lines = np.zeros((height + taller, width), np.uint8)
    for share, window, mask in runs:
        if share >= (MIN_SHARE_AMONG_OTHERS if are_many else MIN_SHARE_ALONE):
            lines[window] |= mask
    if not slope:
        return lines
    # A line that was made level has ragged rims.
    lines = cv2.dilate(lines, np.ones((3, 1), np.uint8))
    back = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(lines, matrix, (width, height), flags=back))


def _slender_runs(binary: Mask) -> list[Run]:
    """Find slender ink that runs nearly along the rows."""
    binary = np.ascontiguousarray(binary)
    width = binary.shape[1]
    # Short runs survive a slight tilt; what they join up to is measured as a whole.
    run = _shortest_run(binary)
    opened = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.dilate(opened, np.ones((3, run), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    found = []
    for index in range(1, count):
        left, top, length, tall = (int(n) for n in stats[index, : cv2.CC_STAT_AREA])
        if length < MIN_SHARE_AMONG_OTHERS * width or tall > 0.15 * length + 3 * run:
            continue
        window = (slice(top, top + tall), slice(left, left + length))
        mask = np.where(labels[window] == index, opened[window], 0).astype(np.uint8)
        heights = np.count_nonzero(mask, axis=0)
        heights = heights[heights > 0]
        if length > MIN_SLENDERNESS * quantile(heights, 0.5):
            # Where it is much thicker than where it is bare, a stroke crosses it.
            bare = int(1.5 * quantile(heights, 0.2)) + 3
            strokes = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((bare, 1), np.uint8))
            found.append((length / width, window, mask & ~strokes))
    return found


def _shortest_run(binary: Mask) -> int:
    return max(9, int(binary.shape[1]) // 80)


def _thickness(lines: Mask) -> int:
    distance = cv2.distanceTransform(lines, cv2.DIST_L2, 3)
    # Where all is line, the distance to what is not has no bound.
    return int(np.ceil(2 * min(quantile(distance[distance > 0], 0.8), max(lines.shape))))
