"""Cut the ink into candidates: components, and groups of components, that may each be a digit."""

from collections.abc import Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate
from mnist_edge.camera.reader.ink import InkMap
from mnist_edge.camera.reader.lines import without_lines
from mnist_edge.detection import Floats
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Least height of a digit, pixels at working size: half of what MNIST scales digits to.
MIN_HEIGHT = 10
# The widest broken digit, in its heights.
WIDEST = 1.3
# Least pixels and height of a component; less is a speck.
MIN_AREA, MIN_SPECK_HEIGHT = 8, 3
# Most candidates of one component, and again of several.
MAX_CANDIDATES = 400
# Most pixels of all candidates together, in pictures: rings within rings would each copy nearly all of it.
MAX_COVER = 16


class Segmentation(NamedTuple):
    """The candidates of a frame.

    Attributes:
        candidates: Those of one component first, then those of several.
        limited: Whether there was more ink than is looked at.
    """

    candidates: tuple[Candidate, ...]
    limited: bool = False


def segment(ink: InkMap, detections: Floats | None = None, unclear: Sequence[int] | None = None) -> Segmentation:
    """Cut the ink into candidates: components, and neighbours that may be one broken digit.

    Args:
        ink: The ink of a picture.
        detections: Boxes of what a finder sees, shape (n, 4); without, all candidates are cut out.
        unclear: Which of these leave a doubt, so that candidates at them are cut out; None: all.
    """
    components = without_lines(ink.components)
    sound = np.flatnonzero((components.areas >= MIN_AREA) & (components.boxes[:, 3] >= MIN_SPECK_HEIGHT))
    limited = len(sound) > MAX_CANDIDATES
    ids, boxes = components.ids[sound[:MAX_CANDIDATES]], components.boxes[sound[:MAX_CANDIDATES]]
    candidates, pixels_left = [], MAX_COVER * components.binary.size
    groups = [*((index,) for index in range(len(ids))), *_may_be_one(boxes)]
    own = _own_detections(boxes, detections)
    wanted = detections if detections is None or unclear is None else detections[list(unclear)]
    around = [_around(boxes[list(group)]) for group in groups]
    for group, box, is_seen in zip(groups, around, _are_seen(around, wanted), strict=True):
        # Where the finder sees a digit in one and another in the next, they are not one.
        if not is_seen or own[list(group)].sum() > 1 or not _may_be_digit(box, components.binary.shape):
            continue
        if box.area > pixels_left:
            limited = True
            continue
        pixels_left -= box.area
        parts = frozenset(ids[list(group)].tolist())
        if candidate := _candidate(ink, components.labels, parts, box):
            candidates.append(candidate)
    return Segmentation(tuple(candidates), limited)


def _may_be_digit(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a digit can have such a box: it is not too small, no line, and does not fill the picture."""
    is_line = box.width > 6 * box.height or box.height > 14 * box.width
    fills = box.height > 0.97 * shape[0] and box.width > 0.97 * shape[1]
    return box.height >= MIN_HEIGHT and not is_line and not fills


def _are_seen(boxes: Sequence[Box], detections: Floats | None) -> NDArray[np.bool_]:
    """Whether ink and a detection are at one place: the middle of one lies in the other. A stroke is slender."""
    if detections is None or not boxes:
        return np.ones(len(boxes), np.bool_)
    corners, sizes = np.split(np.array(boxes, np.float32)[:, None], 2, axis=2)
    seen_corners, seen_sizes = np.split(detections, 2, axis=1)
    middles, seen_middles = corners + sizes / 2, seen_corners + seen_sizes / 2
    holds = ((seen_middles >= corners) & (seen_middles < corners + sizes)).all(axis=2)
    lies_in = ((middles >= seen_corners) & (middles < seen_corners + seen_sizes)).all(axis=2)
    return np.asarray(np.any(holds | lies_in, axis=1))


def _own_detections(boxes: NDArray[np.intp], detections: Floats | None) -> NDArray[np.bool_]:
    """Of each of n boxes, shape (n, 4), whether the middle of a detection lies in it."""
    if detections is None:
        return np.zeros(len(boxes), np.bool_)
    middles = (detections[:, :2] + detections[:, 2:] / 2)[:, None]
    return np.asarray(((middles >= boxes[:, :2]) & (middles < boxes[:, :2] + boxes[:, 2:])).all(axis=2).any(axis=0))


def _may_be_one(boxes: NDArray[np.intp]) -> list[tuple[int, ...]]:
    """Return groups of two or three boxes, shape (n, 4), that may be one broken digit, such as a 5 and its bar."""
    left, top, width, height = (boxes[:, [axis]] for axis in range(4))
    right, bottom = left + width, top + height
    large, small = np.maximum(height, height.T), np.minimum(height, height.T)
    overlap_x = np.minimum(right, right.T) - np.maximum(left, left.T)
    gap_y = np.maximum(top, top.T) - np.minimum(bottom, bottom.T)
    union_width = np.maximum(right, right.T) - np.minimum(left, left.T)
    union_height = np.maximum(bottom, bottom.T) - np.minimum(top, top.T)
    near = (gap_y < 0.25 * union_height) & (overlap_x > -0.12 * large)
    # Two full-sized neighbours are two digits, whatever stands between them.
    joined = near & (large >= MIN_HEIGHT) & (small < 0.75 * large) & (union_width < WIDEST * union_height)
    pairs = [(int(first), int(second)) for first, second in np.argwhere(np.triu(joined, 1))[:MAX_CANDIDATES]]
    return [*pairs, *_chained(pairs, boxes)][:MAX_CANDIDATES]


def _chained(pairs: list[tuple[int, int]], boxes: NDArray[np.intp]) -> list[tuple[int, ...]]:
    """Join two pairs that share a component to a group of three, unless that is too wide."""
    partners: dict[int, list[int]] = {}
    for first, second in pairs:
        partners.setdefault(first, []).append(second)
        partners.setdefault(second, []).append(first)
    found = ((middle, *two) for middle, around in partners.items() for two in combinations(around, 2))
    # Three pairs among the same three components are found from each of these.
    triples = dict.fromkeys(tuple(sorted(three)) for three in islice(found, MAX_CANDIDATES))
    unions = ((three, _around(boxes[list(three)])) for three in triples)
    return [three for three, union in unions if union.width < WIDEST * union.height]


def _around(boxes: NDArray[np.intp]) -> Box:
    """Return the box around boxes of shape (n, 4)."""
    if len(boxes) == 1:
        return Box(*boxes[0].tolist())
    x, y = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    return Box(x, y, right - x, bottom - y)


def _candidate(found: InkMap, labels: NDArray[np.int32], parts: frozenset[int], box: Box) -> Candidate | None:
    """Cut out the ink of some components alone, stretched so that the middle of the stroke is full ink.

    None where there is no ink: a component may be the smoothed rim of a stroke that was removed as a line.
    """
    mask = np.logical_or.reduce([labels[box.slices] == part for part in parts])
    # Half a pixel of soft edge belongs to the stroke too.
    soft = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
    ink = np.asarray(cv2.multiply(found.level[box.slices], soft), np.uint8)
    strength = _quantile(ink[mask], 0.6)
    if not strength:
        return None
    stretched = np.asarray(cv2.convertScaleAbs(ink, alpha=255 / strength), np.uint8)
    return Candidate(box, stretched, parts, _clutter(found, box) / strength)


def _clutter(found: InkMap, box: Box) -> float:
    margin = max(4, round(0.3 * box.height))
    # Some thousand pixels suffice.
    step = max(1, box.height // 40)
    around = (
        slice(max(0, box.y - margin), box.bottom + margin, step),
        slice(max(0, box.x - margin), box.right + margin, step),
    )
    paper = found.level[around][found.near[around] == 0]
    # No digit has nothing but ink all around.
    return _quantile(paper, 0.9) if len(paper) * step**2 > box.height else 255.0


def _quantile(values: NDArray[np.uint8], share: float) -> float:
    # From the histogram: a fifth of the time that selecting takes.
    below = np.bincount(values).cumsum()
    return float(below.searchsorted(int(share * (len(values) - 1)), side="right"))
