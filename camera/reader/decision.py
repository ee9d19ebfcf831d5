"""Decide which candidates are digits: by the network, by cutting digits that touch, and by the surroundings."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Classified, Classify, classify_candidates, refuse
from mnist_edge.camera.reader.context import CLUTTERED, accept_by_context, refuse_by_context
from mnist_edge.camera.reader.segment import TOO_MANY, Segmentation
from mnist_edge.camera.reader.splitting import split
from mnist_edge.reading import Rejected

# Most clutter around a digit (`Candidate.clutter`): the edge of a table or a texture has more.
MAX_CLUTTER = 0.3
# Least height of ink that is cut, as a share of the median digit's: touching digits are about as tall as the others.
MIN_CUT_HEIGHT = 0.5
# Crops of cut ink after which nothing more is cut, so that a frame takes a bounded time.
MAX_CUT_CROPS = 2_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What was accepted and what was refused, boxes at working size.

    Attributes:
        digits: Accepted candidates.
        refused: Candidates that the network or the surroundings refused.
        fragments: Ink whose box alone is no digit's, so that the network was not asked.
    """

    digits: tuple[Classified, ...]
    refused: tuple[Classified, ...]
    fragments: tuple[Rejected, ...] = ()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """All ink that was refused, boxes at working size."""
        return (*self.fragments, *(candidate.as_rejected() for candidate in self.refused))


def decide(
    found: Segmentation,
    classify: Classify,
    min_confidence: float,
    min_score: float = 0.0,
    row_confidence: float = 1.0,
) -> Decision:
    """Decide which candidates are digits.

    Args:
        found: The candidates.
        classify: The network.
        min_confidence: Least confidence of a digit, 0 to 1.
        min_score: Least score of a digit, 0 to 1 (`Classifier.refusal_threshold`).
        row_confidence: Least confidence, whatever the score, of a digit in a row of digits.
    """

    def convinces(candidate: Classified) -> bool:
        return candidate.confidence >= min_confidence and candidate.score >= min_score

    classified = _best_joins(classify_candidates(list(found.candidates), classify), convinces)
    refused = refuse((candidate for candidate in classified if candidate.original.clutter > MAX_CLUTTER), CLUTTERED)
    plain = [candidate for candidate in classified if candidate.original.clutter <= MAX_CLUTTER]
    accepted = [candidate for candidate in plain if convinces(candidate)]
    lowest = MIN_CUT_HEIGHT * median(candidate.box.height for candidate in accepted) if accepted else 0
    cut_crops = 0

    def classify_parts(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal cut_crops
        cut_crops += len(crops)
        return classify(crops)

    for candidate in plain:
        if convinces(candidate):
            continue
        reason = "not a digit" if candidate.score < min_score else "low confidence"
        if candidate.box.height >= lowest:
            if cut_crops > MAX_CUT_CROPS:
                reason = TOO_MANY
            elif (digits := split(candidate.original, classify_parts, min_confidence)) and all(map(convinces, digits)):
                accepted.extend(digits)
                continue
        refused.extend(refuse([candidate], reason))
    accepted, by_context = refuse_by_context(accepted, refused)
    accepted, refused = accept_by_context(accepted, refused + by_context, row_confidence)
    joined = [candidate.box for candidate in accepted if len(candidate.parts) > 1]
    # A fragment that belongs to a broken digit was read with it.
    fragments = (ink for ink in found.rejected if not any(whole.encloses(ink.box) for whole in joined))
    return Decision(tuple(accepted), tuple(refused), tuple(fragments))


def _best_joins(classified: list[Classified], convinces: Callable[[Classified], bool]) -> list[Classified]:
    """Return single components, or the joins of some where those read better than any of their parts."""
    singles = [candidate for candidate in classified if len(candidate.parts) == 1]
    alone = {next(iter(candidate.parts)): candidate.confidence for candidate in singles}
    joins = [candidate for candidate in classified if len(candidate.parts) > 1]
    taken: set[int] = set()
    kept = []
    for join in sorted(joins, key=lambda join: -join.confidence):
        best_alone = max(alone.get(part, 0.0) for part in join.parts)
        if not join.parts & taken and convinces(join) and join.confidence >= best_alone:
            taken |= join.parts
            kept.append(join)
    return [candidate for candidate in singles if not candidate.parts & taken] + kept
