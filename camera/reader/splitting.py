"""Digits that touch: cut along seams through little ink, or where strokes are shared, and let the classifier choose."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate, Classify, Judged, classify_candidates
from mnist_edge.camera.reader.pen import stroke_width
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Widths of one digit in heights of the whole piece.
NARROWEST, WIDEST = 0.12, 1.1
# A piece as slender as this is one digit, or none.
MIN_ASPECT = 0.9
MAX_ASPECT = 8.0
# Seams, and shared strokes, for each height that the piece is wide.
CUTS_A_HEIGHT = 6.0
# Seams are found on a picture of so many rows; a step aside costs as much as so much ink.
ROWS = 40
ASIDE = 0.5
REACH = 40
SLANTS = (-0.3, 0.0, 0.3, 0.6, 0.9)
# A shared stroke covers so much of the height.
MIN_SHARED = 0.4
SHARED_STROKES = 1.0
# A cut letter looks like some digit now and then: parts must convince more than a piece that stands alone.
MIN_CONFIDENCE = 0.95
# Digits that touch hang together by a stroke or two: what a seam may cross, in widths of the stroke.
CROSSED_STROKES = 2.0
MAX_SPANS = 300

Columns = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Where one digit ends and the next begins, a column for each row of the ink; they may share what lies between."""

    end: Columns
    start: Columns

    @property
    def middle(self) -> float:
        return float((self.end.mean() + self.start.mean()) / 2)


def split(candidate: Candidate, classify: Classify, min_confidence: float) -> list[Judged]:
    """The digits that a piece of ink consists of, left to right; empty where no cutting makes every part a digit.

    Of all ways to cut, the one with the highest product of confidences (after Casey and Lecolinet, "A survey of
    methods and strategies in character segmentation", 1996, recognition-based segmentation).
    """
    box = candidate.box
    if not MIN_ASPECT * box.height < box.width < MAX_ASPECT * box.height:
        return []
    edges = [np.full(box.height, at, np.intp) for at in (0, box.width)]
    inner = sorted([*_seams(candidate.ink), *_shared_strokes(candidate.ink)], key=lambda cut: cut.middle)
    cuts = [_Cut(edges[0], edges[0]), *inner, _Cut(edges[1], edges[1])]
    middles = [cut.middle for cut in cuts]
    spans = [
        (first, last)
        for first in range(len(cuts))
        for last in range(first + 1, len(cuts))
        if NARROWEST * box.height < middles[last] - middles[first] < min(WIDEST * box.height, box.width)
    ][:MAX_SPANS]
    parts = [(span, part) for span in spans if (part := _part(candidate, cuts[span[0]], cuts[span[1]])) is not None]
    least = max(min_confidence, MIN_CONFIDENCE)
    judged = classify_candidates([part for _, part in parts], classify)
    options = {span: one for (span, _), one in zip(parts, judged, strict=True) if one.confidence >= least}
    return _best_path(len(cuts), options)


def _seams(ink: NDArray[np.uint8]) -> list[_Cut]:
    """Ways from top to bottom through little ink: upright or as slanted as the writing, and round overhangs.

    The cheapest seam through each column at half height (Avidan and Shamir, "Seam Carving", 2007), where that is
    cheaper than through the columns around.
    """
    height, width = ink.shape
    rows = min(ROWS, height)
    columns = max(3, round(width * rows / height))
    small = cv2.resize(ink, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    sheared = {slant: _sheared(small, slant) for slant in SLANTS}
    # Where the columns differ most, strokes stand upright.
    slant = max(SLANTS, key=lambda slant: float(np.square(sheared[slant].sum(axis=0)).sum()))
    most_ink = CROSSED_STROKES * stroke_width(ink) * rows / height
    cuts = []
    for lean in {0.0, slant}:
        for path in _cheap_paths(sheared[lean], _most(ink), most_ink):
            path = path + _shift(rows, lean)
            full = height / rows
            at = np.interp((np.arange(height) + 0.5) / full, np.arange(rows) + 0.5, (path + 0.5) * full)
            seam = np.clip(np.rint(at), 0, width).astype(np.intp)
            cuts.append(_Cut(seam, seam))
    return cuts


def _shift(rows: int, slant: float) -> NDArray[np.intp]:
    """Columns that each row lies to the right of where it would with upright writing; none at half height."""
    return np.asarray(np.rint(slant * (rows / 2 - 0.5 - np.arange(rows))), np.intp)


def _sheared(ink: NDArray[np.float32], slant: float) -> NDArray[np.float32]:
    columns = np.arange(ink.shape[1]) + _shift(len(ink), slant)[:, None]
    inside = (columns >= 0) & (columns < ink.shape[1])
    taken = np.take_along_axis(ink, np.clip(columns, 0, ink.shape[1] - 1), axis=1)
    return np.where(inside, taken, np.float32(0))


def _cheap_paths(cost: NDArray[np.float32], most: int, most_ink: float) -> list[NDArray[np.intp]]:
    """Seams, each a column for every row, with the least ink on them, the best first."""
    rows, columns = cost.shape
    half = rows // 2
    above, steps_above = _cheapest(cost[:half])
    below, steps_below = _cheapest(cost[: half - 1 : -1])
    total = above + below
    reach = max(1, rows // REACH)
    lowest = cv2.erode(total.reshape(1, -1), np.ones((1, 2 * reach + 1), np.uint8)).ravel()
    minima = np.flatnonzero(total <= lowest)
    minima = minima[(minima >= reach) & (minima < columns - reach) & (total[minima] < most_ink)]
    # A flat valley is one cut, in its middle.
    groups = np.split(minima, np.flatnonzero(np.diff(minima) > 1) + 1) if len(minima) else []
    through = sorted((int(group[len(group) // 2]) for group in groups), key=lambda column: total[column])
    return [np.concatenate([_walk(steps_above, column)[::-1], _walk(steps_below, column)]) for column in through[:most]]


def _cheapest(cost: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Least ink on the way from the first row to each column of the last, and the steps back from there."""
    steps = np.zeros(cost.shape, np.int8)
    total = cost[0]
    for row in range(1, len(cost)):
        left = np.concatenate([[np.inf], total[:-1]]) + ASIDE
        right = np.concatenate([total[1:], [np.inf]]) + ASIDE
        best = np.minimum(np.minimum(left, right), total)
        steps[row] = np.where(total <= best, 0, np.where(left <= right, -1, 1))
        total = (best + cost[row]).astype(np.float32)
    return total, steps


def _walk(steps: NDArray[np.int8], column: int) -> NDArray[np.intp]:
    """The columns of a seam, from the last row back to the first."""
    path = np.empty(len(steps), np.intp)
    for position, row in enumerate(range(len(steps) - 1, -1, -1)):
        path[position] = column
        column += int(steps[row, column])
    return path


def _shared_strokes(ink: NDArray[np.uint8]) -> list[_Cut]:
    """Upright strokes that may belong to both of their neighbours, as in 00."""
    height, width = ink.shape
    reach = max(2, height // 10)
    profile = cv2.blur(ink.sum(axis=0, dtype=np.float32).reshape(1, -1) / (255 * height), (max(1, height // 20) | 1, 1))
    highest = cv2.dilate(profile, np.ones((1, 2 * reach + 1), np.uint8)).ravel()
    profile = profile.ravel()
    peaks = [x for x in range(reach, width - reach) if profile[x] >= highest[x] and profile[x] > MIN_SHARED]
    peaks = sorted(peaks, key=lambda x: -profile[x])[: _most(ink)]
    # Two arcs that meet share about one stroke's width, however far apart they run above and below.
    half = max(1, round(SHARED_STROKES * stroke_width(ink) / 2))
    columns = [(max(x - half, 0), min(x + half + 1, width)) for x in peaks]
    return [_Cut(np.full(height, right, np.intp), np.full(height, left, np.intp)) for left, right in columns]


def _most(ink: NDArray[np.uint8]) -> int:
    return int(CUTS_A_HEIGHT * ink.shape[1] / ink.shape[0])


def _part(candidate: Candidate, first: _Cut, last: _Cut) -> Candidate | None:
    left, right = int(first.start.min()), int(last.end.max())
    if right <= left:
        return None
    columns = np.arange(left, right)
    ink = candidate.ink[:, left:right] * ((columns >= first.start[:, None]) & (columns < last.end[:, None]))
    x, y, width, height = cv2.boundingRect(cv2.threshold(ink, 64, 255, cv2.THRESH_BINARY)[1])
    # Pieces of touching digits are about as tall as the whole; a crumb is none.
    if height < 0.5 * candidate.box.height:
        return None
    box = Box(candidate.box.x + left + x, candidate.box.y + y, width, height)
    return replace(candidate, box=box, ink=np.ascontiguousarray(ink[y : y + height, x : x + width]))


def _best_path(cuts: int, options: dict[tuple[int, int], Judged]) -> list[Judged]:
    """The chain of spans from the first cut to the last with the highest product of confidences."""
    best: dict[int, tuple[float, list[Judged]]] = {0: (0.0, [])}
    for last in range(1, cuts):
        reached = [
            (best[first][0] + np.log(one.confidence), [*best[first][1], one])
            for (first, end), one in options.items()
            if end == last and first in best
        ]
        if reached:
            best[last] = max(reached, key=lambda path: path[0])
    return best.get(cuts - 1, (0.0, []))[1]
