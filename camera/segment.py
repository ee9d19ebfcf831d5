"""From ink to candidates: pieces of ink that may each be a digit. The classifier judges them later."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.candidate import Candidate
from mnist_edge.camera.ink import InkMap, find_ink
from mnist_edge.camera.lines import remove_lines
from mnist_edge.camera.opencv import cv2
from mnist_edge.reading import Box, Rejected

# The smallest ink, in pixels at working size, that MNIST's 20-pixel box can make anything of.
MIN_HEIGHT = 10
# Of single pieces, and again of joined ones.
MAX_CANDIDATES = 400
# Rings within rings: each candidate keeps its ink, and all of them together no more than this many pictures.
MAX_COVER = 16


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What a frame holds, before anything is read.

    Attributes:
        candidates: Single pieces first, then joined ones.
        rejected: Ink that no digit can be, with the reason; boxes at working size.
        scale: Working size divided by the frame's.
    """

    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    scale: float


def segment(frame: NDArray[np.uint8]) -> Segmentation:
    """Find the ink of a frame and cut it into candidates.

    Args:
        frame: Shape (height, width, 3), BGR.
    """
    ink = find_ink(frame)
    return cut(ink)


def cut(ink: InkMap) -> Segmentation:
    """Cut the ink into candidates: connected pieces, and neighbours that may be one broken digit."""
    binary = remove_lines(ink.binary)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8, ltype=cv2.CV_32S)
    pieces = _largest(stats)
    near_ink = cv2.dilate(binary, np.ones((5, 5), np.uint8))
    groups = [(frozenset([index]), box) for index, box in pieces] + _joined(pieces)
    candidates, rejected, room = [], [], MAX_COVER * binary.size
    for parts, box in groups:
        area = box.width * box.height
        reason = _impossible(box, binary.shape) or ("one of too many" if area > room else None)
        if reason is None:
            room -= area
            candidates.append(_candidate(ink.level, labels, near_ink, parts, box))
        elif len(parts) == 1:
            rejected.append(Rejected(box, reason))
    return Segmentation(tuple(candidates), tuple(rejected), ink.scale)


def _largest(stats: NDArray[np.int32]) -> list[tuple[int, Box]]:
    """The pieces with the most ink, without specks, each with its label."""
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable") + 1
    pieces = order[(stats[order, cv2.CC_STAT_AREA] >= 8) & (stats[order, cv2.CC_STAT_HEIGHT] >= 3)]
    return [(int(index), Box(*stats[index, : cv2.CC_STAT_AREA].tolist())) for index in pieces[:MAX_CANDIDATES]]


def _impossible(box: Box, shape: tuple[int, ...]) -> str | None:
    """Why no digit has such a box, or None."""
    if box.height < MIN_HEIGHT:
        return "too small"
    if box.width > 6 * box.height or box.height > 14 * box.width:
        return "a line"
    if box.height > 0.97 * shape[0] and box.width > 0.97 * shape[1]:
        return "fills the picture"
    return None


def _joined(pieces: list[tuple[int, Box]]) -> list[tuple[frozenset[int], Box]]:
    """Pairs of pieces that may be one broken digit, such as a 5 and its bar."""
    pairs = []
    for position, (index, box) in enumerate(pieces):
        for other_index, other in pieces[position + 1 :]:
            if _may_be_one(box, other):
                pairs.append((frozenset([index, other_index]), _union(box, other)))
    return pairs[:MAX_CANDIDATES]


def _may_be_one(a: Box, b: Box) -> bool:
    small, large = sorted((a, b), key=lambda box: box.height)
    union = _union(a, b)
    overlap_x = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    gap_y = max(a.y, b.y) - min(a.y + a.height, b.y + b.height)
    near = gap_y < 0.2 * large.height and overlap_x > -0.12 * large.height
    # Two full-sized neighbours are two digits, whatever stands between them.
    return (
        near and large.height >= MIN_HEIGHT and small.height < 0.75 * large.height and union.width < 1.3 * union.height
    )


def _union(a: Box, b: Box) -> Box:
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.width, b.x + b.width) - x, max(a.y + a.height, b.y + b.height) - y)


def _candidate(
    level: NDArray[np.uint8],
    labels: NDArray[np.int32],
    near_ink: NDArray[np.uint8],
    parts: frozenset[int],
    box: Box,
) -> Candidate:
    """The ink of some pieces alone, stretched so that the stroke's middle is full ink, with its surroundings."""
    window = (slice(box.y, box.y + box.height), slice(box.x, box.x + box.width))
    mask = np.logical_or.reduce([labels[window] == part for part in parts])
    # Half a pixel of soft edge belongs to the stroke too.
    soft = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    ink = level[window] * soft
    strength = max(float(np.percentile(ink[mask], 60)), 1.0)
    stretched = np.asarray(np.clip(ink * (255 / strength), 0, 255), np.uint8)
    return Candidate(box, stretched, parts, _clutter(level, near_ink, box) / strength, strength)


def _clutter(level: NDArray[np.uint8], near_ink: NDArray[np.uint8], box: Box) -> float:
    margin = max(4, round(0.3 * box.height))
    around = (
        slice(max(0, box.y - margin), box.y + box.height + margin),
        slice(max(0, box.x - margin), box.x + box.width + margin),
    )
    paper = level[around][near_ink[around] == 0]
    # Nothing but ink all around: no digit stands like that.
    return float(np.percentile(paper, 90)) if len(paper) > box.height else 255.0
