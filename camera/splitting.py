"""Digits that touch: cut where there is little ink, and let the classifier choose among the cuts."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.candidate import Candidate, Classify, Judged, classify_candidates
from mnist_edge.camera.opencv import cv2
from mnist_edge.reading import Box

# Widths of one digit in heights of the whole piece.
NARROWEST, WIDEST = 0.12, 1.1
# A piece as slender as this is one digit, or none.
MIN_ASPECT = 0.75
MAX_ASPECT = 8.0
MAX_CUTS = 16
# A cut letter looks like some digit now and then: parts must convince more than a piece that stands alone.
MIN_CONFIDENCE = 0.9


def split(candidate: Candidate, classify: Classify, min_confidence: float) -> list[Judged]:
    """The digits that a piece of ink consists of, left to right; empty where no cutting makes every part a digit.

    Of all ways to cut, the one with the highest product of confidences (after Casey and Lecolinet, "A survey of
    methods and strategies in character segmentation", 1996, recognition-based segmentation).
    """
    box = candidate.box
    if not MIN_ASPECT * box.height < box.width < MAX_ASPECT * box.height:
        return []
    cuts = [0, *_cuts(candidate.ink), box.width]
    spans = [
        (left, right)
        for position, left in enumerate(cuts)
        for right in cuts[position + 1 :]
        if NARROWEST * box.height < right - left < min(WIDEST * box.height, box.width)
    ]
    pieces = [(span, piece) for span in spans if (piece := _piece(candidate, *span)) is not None]
    least = max(min_confidence, MIN_CONFIDENCE)
    judged = classify_candidates([piece for _, piece in pieces], classify)
    options = {span: one for (span, _), one in zip(pieces, judged, strict=True) if one.confidence >= least}
    return _best_path(cuts, options)


def _cuts(ink: NDArray[np.uint8]) -> list[int]:
    """Columns where the ink is locally thin, the thinnest first if there are too many; ascending."""
    height, width = ink.shape
    profile = cv2.blur(ink.sum(axis=0, dtype=np.float32).reshape(1, -1), (max(3, height // 16) | 1, 1)).ravel()
    reach = max(2, height // 10)
    lowest = cv2.erode(profile.reshape(1, -1), np.ones((1, 2 * reach + 1), np.uint8)).ravel()
    minima = [x for x in range(reach, width - reach) if profile[x] <= lowest[x]]
    # A flat valley is one cut, in its middle.
    groups: list[list[int]] = []
    for x in minima:
        if groups and x - groups[-1][-1] <= 1:
            groups[-1].append(x)
        else:
            groups.append([x])
    middles = sorted((group[len(group) // 2] for group in groups), key=lambda x: profile[x])
    return sorted(middles[:MAX_CUTS])


def _piece(candidate: Candidate, left: int, right: int) -> Candidate | None:
    ink = candidate.ink[:, left:right]
    rows, columns = np.flatnonzero(ink.max(axis=1) > 64), np.flatnonzero(ink.max(axis=0) > 64)
    # Pieces of touching digits are about as tall as the whole; a crumb is none.
    if not len(rows) or rows[-1] - rows[0] + 1 < 0.5 * candidate.box.height:
        return None
    top, bottom, first, last = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = Box(candidate.box.x + left + int(first), candidate.box.y + int(top), int(last - first), int(bottom - top))
    return replace(candidate, box=box, ink=np.ascontiguousarray(ink[top:bottom, first:last]))


def _best_path(cuts: list[int], options: dict[tuple[int, int], Judged]) -> list[Judged]:
    """The chain of spans from the first cut to the last with the highest product of confidences."""
    best: dict[int, tuple[float, list[Judged]]] = {cuts[0]: (0.0, [])}
    for right in cuts[1:]:
        reached = [
            (best[left][0] + np.log(one.confidence), [*best[left][1], one])
            for (left, end), one in options.items()
            if end == right and left in best
        ]
        if reached:
            best[right] = max(reached, key=lambda path: path[0])
    return best.get(cuts[-1], (0.0, []))[1]
