"""Cut digits that touch along seams through little ink, or at strokes that they share, as the network likes best."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate, Classified, Classify, classify_candidates
from mnist_edge.camera.reader.pen import stroke_width
from mnist_edge.detection import Floats
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Width of one digit, in heights of the whole ink.
NARROWEST, WIDEST = 0.12, 1.1
# Width of ink that may be several digits, in its heights.
MIN_ASPECT, MAX_ASPECT = 0.9, 8.0
# Most seams, and most shared strokes, for each height that the ink is wide.
CUTS_PER_HEIGHT = 6.0
# Seams are found on a picture of so many rows; a step to the side costs as much as this share of a pixel of ink.
ROWS, STEP_COST = 40, 0.5
# Slants of writing, columns per row.
SLANTS = (-0.3, 0.0, 0.3, 0.6, 0.9)
# Least share of the height that a shared stroke covers, and its width in strokes.
MIN_SHARED, SHARED_STROKES = 0.4, 1.0
# Least confidence of a part: cut letters look like digits now and then.
MIN_CONFIDENCE = 0.95
# Most ink that a seam may cross, in widths of the stroke: digits that touch are connected by a stroke or two.
CROSSED_STROKES = 2.0
# Most middles of digits in one part.
MOST_MIDDLES = 2
# Most parts that are tried.
MAX_PARTS = 300
# Least ink level of a part's box, and least height in heights of the whole: digits that touch are about as tall.
MIN_LEVEL, MIN_PART_HEIGHT = 64, 0.5

Columns = NDArray[np.intp]


class _Cut(NamedTuple):
    """Where one digit ends and the next begins: a column for each row; digits may share the ink between the two."""

    end: Columns
    start: Columns

    @property
    def middle(self) -> float:
        return float((self.end.mean() + self.start.mean()) / 2)


def split(candidate: Candidate, classify: Classify, min_confidence: float, digits: Floats) -> list[Classified]:
    """Cut a candidate into digits, left to right; empty where no way of cutting makes every part a digit.

    Each part holds the middle of a digit that a finder sees, and no more than `MOST_MIDDLES`, since it may see a digit
    twice. The way with the highest product of confidences is taken (recognition-based segmentation, after Casey and
    Lecolinet, "A survey of methods and strategies in character segmentation", 1996).

    Args:
        candidate: Ink of several digits.
        classify: The classifier.
        min_confidence: Least confidence of a part, 0 to 1.
        digits: Middles of what the finder sees, shape (n,), pixels from the candidate's left.
    """
    box = candidate.box
    if not MIN_ASPECT * box.height < box.width < MAX_ASPECT * box.height:
        return []
    edges = [np.full(box.height, at, np.intp) for at in (0, box.width)]
    inner = sorted([*_seams(candidate.ink), *_shared_strokes(candidate.ink)], key=lambda cut: cut.middle)
    cuts = [_Cut(edges[0], edges[0]), *inner, _Cut(edges[1], edges[1])]
    middles = [cut.middle for cut in cuts]
    before = np.searchsorted(np.sort(digits), middles).tolist()
    spans = [
        (first, last)
        for first in range(len(cuts))
        for last in range(first + 1, len(cuts))
        if NARROWEST * box.height < middles[last] - middles[first] < min(WIDEST * box.height, box.width)
        and 1 <= before[last] - before[first] <= MOST_MIDDLES
    ][:MAX_PARTS]
    parts = [(span, part) for span in spans if (part := _part(candidate, cuts[span[0]], cuts[span[1]])) is not None]
    least = max(min_confidence, MIN_CONFIDENCE)
    classified = classify_candidates([part for _, part in parts], classify)
    options = {span: digit for (span, _), digit in zip(parts, classified, strict=True) if digit.confidence >= least}
    return _best_path(len(cuts), options)


def _seams(ink: NDArray[np.uint8]) -> list[_Cut]:
    """Find ways from top to bottom through little ink, upright or as slanted as the writing.

    Of each column at half height it is the cheapest seam (Avidan and Shamir, "Seam Carving", 2007), if that is cheaper
    than those of the columns around.
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
    """Return by how many columns a slant moves each row to the right; by none at half height."""
    return np.asarray(np.rint(slant * (rows / 2 - 0.5 - np.arange(rows))), np.intp)


def _sheared(ink: NDArray[np.float32], slant: float) -> NDArray[np.float32]:
    columns = np.arange(ink.shape[1]) + _shift(len(ink), slant)[:, None]
    inside = (columns >= 0) & (columns < ink.shape[1])
    taken = np.take_along_axis(ink, np.clip(columns, 0, ink.shape[1] - 1), axis=1)
    return np.where(inside, taken, np.float32(0))


def _cheap_paths(cost: NDArray[np.float32], most: int, most_ink: float) -> list[NDArray[np.intp]]:
    """Return the seams with the least ink, the best first; each is a column for every row."""
    half = len(cost) // 2
    above, steps_above = _cheapest(cost[:half])
    below, steps_below = _cheapest(cost[: half - 1 : -1])
    total = above + below
    minima = 1 + np.flatnonzero((total[1:-1] <= total[:-2]) & (total[1:-1] <= total[2:]))
    minima = minima[total[minima] < most_ink]
    # A flat valley is one cut, in its middle.
    groups = np.split(minima, np.flatnonzero(np.diff(minima) > 1) + 1) if len(minima) else []
    through = sorted((int(group[len(group) // 2]) for group in groups), key=lambda column: total[column])
    return [np.concatenate([_walk(steps_above, column)[::-1], _walk(steps_below, column)]) for column in through[:most]]


def _cheapest(cost: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Return the least cost from the first row to each column of the last row, and the steps back from there."""
    steps = np.zeros(cost.shape, np.int8)
    total = cost[0]
    for row in range(1, len(cost)):
        left = np.concatenate([[np.inf], total[:-1]]) + STEP_COST
        right = np.concatenate([total[1:], [np.inf]]) + STEP_COST
        best = np.minimum(np.minimum(left, right), total)
        steps[row] = np.where(total <= best, 0, np.where(left <= right, -1, 1))
        total = (best + cost[row]).astype(np.float32)
    return total, steps


def _walk(steps: NDArray[np.int8], column: int) -> NDArray[np.intp]:
    """Return the columns of a seam, from the last row back to the first."""
    path = np.empty(len(steps), np.intp)
    for position, row in enumerate(range(len(steps) - 1, -1, -1)):
        path[position] = column
        column += int(steps[row, column])
    return path


def _shared_strokes(ink: NDArray[np.uint8]) -> list[_Cut]:
    """Find upright strokes that may belong to both digits beside them, as in 00."""
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
    return int(CUTS_PER_HEIGHT * ink.shape[1] / ink.shape[0])


def _part(candidate: Candidate, first: _Cut, last: _Cut) -> Candidate | None:
    left, right = int(first.start.min()), int(last.end.max())
    if right <= left:
        return None
    columns = np.arange(left, right)
    ink = candidate.ink[:, left:right] * ((columns >= first.start[:, None]) & (columns < last.end[:, None]))
    x, y, width, height = cv2.boundingRect(cv2.threshold(ink, MIN_LEVEL, 255, cv2.THRESH_BINARY)[1])
    if height < MIN_PART_HEIGHT * candidate.box.height:
        return None
    box = Box(candidate.box.x + left + x, candidate.box.y + y, width, height)
    return candidate._replace(box=box, ink=np.ascontiguousarray(ink[y : y + height, x : x + width]))


def _best_path(cuts: int, options: dict[tuple[int, int], Classified]) -> list[Classified]:
    """Return the chain of parts from the first cut to the last with the highest product of confidences."""
    best: dict[int, tuple[float, list[Classified]]] = {0: (0.0, [])}
    for last in range(1, cuts):
        reached = [
            (best[first][0] + np.log(digit.confidence), [*best[first][1], digit])
            for (first, end), digit in options.items()
            if end == last and first in best
        ]
        if reached:
            best[last] = max(reached, key=lambda path: path[0])
    return best.get(cuts - 1, (0.0, []))[1]
