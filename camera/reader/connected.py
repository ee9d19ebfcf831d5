"""What connected ink may be: components, joins of some, and the parts of what touches, as the classifier likes best."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate, Classified, Classify, classify_candidates
from mnist_edge.camera.reader.splitting import split
from mnist_edge.detection import Detections

# Least confidence of a join, and of each part of cut ink; chosen on generated pages.
CLEAR = 0.93
# Ink that is so surely one digit is not cut. A classifier that has learned to read beside a neighbour's remnants takes
# a 47 whose digits touch for a 4 with 0.95; on 204 generated pages F1 is the same with 0.93 as with this.
WHOLE = 0.97
# Ink is cut where the finder sees so many digits in it with at least this score: of 134 digits that cutting brings on
# 240 generated pages it brings 130 so, for half of the crops.
SEVERAL, SEVERAL_SCORE = 2, 0.3
# Crops of cut ink after which nothing more is cut, so that a frame takes a bounded time.
MAX_CUT_CROPS = 2_000


def classify_ink(
    candidates: list[Candidate], classify: Classify, min_score: float, seen: Detections
) -> tuple[list[Classified], bool]:
    """Classify connected ink; where the finder sees several digits in it, it is cut if that makes each part one.

    Args:
        candidates: Components, and joins of some.
        classify: The classifier.
        min_score: Least score of a digit, 0 to 1 (`Classifier.refusal_threshold`).
        seen: What the finder sees.

    Returns:
        What no other part of the same ink reads better than, and whether more would have been cut than is looked at.
    """

    def is_clear(candidate: Classified) -> bool:
        return candidate.confidence >= CLEAR and candidate.score >= min_score

    crops_left = MAX_CUT_CROPS

    def classify_parts(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal crops_left
        crops_left -= len(crops)
        return classify(crops)

    found: list[Classified] = []
    limited, middles = False, seen.middles
    for one in _best_joins(classify_candidates(candidates, classify), is_clear):
        parts: list[Classified] = []
        corner = middles - (one.box.x, one.box.y)
        inside = ((corner >= 0) & (corner < (one.box.width, one.box.height))).all(axis=1)
        is_one = one.confidence >= WHOLE and is_clear(one)
        if not is_one and np.count_nonzero(seen.scores[inside] >= SEVERAL_SCORE) >= SEVERAL:
            limited |= crops_left < 0
            parts = split(one.original, classify_parts, CLEAR, corner[inside, 0]) if crops_left >= 0 else []
        found.extend(parts if parts and all(map(is_clear, parts)) else [one])
    return found, limited


def _best_joins(classified: list[Classified], is_clear: Callable[[Classified], bool]) -> list[Classified]:
    """Return single components, or the joins of some where those read better than any of their parts."""
    singles = [candidate for candidate in classified if len(candidate.parts) == 1]
    alone = {next(iter(candidate.parts)): candidate.confidence for candidate in singles}
    joins = [candidate for candidate in classified if len(candidate.parts) > 1]
    taken: set[int] = set()
    kept = []
    for join in sorted(joins, key=lambda join: -join.confidence):
        best_alone = max(alone.get(part, 0.0) for part in join.parts)
        if not join.parts & taken and is_clear(join) and join.confidence >= best_alone:
            taken |= join.parts
            kept.append(join)
    return [candidate for candidate in singles if not candidate.parts & taken] + kept
