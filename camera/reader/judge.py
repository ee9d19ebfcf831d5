"""What of the candidates is a digit: segmentation proposes, the classifier decides, the surroundings have a say."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Classify, Judged, Refused, classify_candidates
from mnist_edge.camera.reader.context import CLUTTERED, accept_by_context, refuse_by_context
from mnist_edge.camera.reader.segment import TOO_MANY, Segmentation
from mnist_edge.camera.reader.splitting import split
from mnist_edge.reading import Rejected

# Paper round a digit is quiet; the edge of a table or a texture is not.
MAX_CLUTTER = 0.3
# Touching digits are about as tall as the others: what is lower than this share of them is not cut.
LOWEST_CUT = 0.5
# Touching digits are cut only as long as this many images were judged for it.
MAX_JUDGED = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was accepted and what was refused, boxes at working size.

    Attributes:
        digits: What was read.
        refused: What the network or the surroundings refused.
        crumbs: What no digit can be by its box alone, so that the network was not asked.
    """

    digits: tuple[Judged, ...]
    refused: tuple[Refused, ...]
    crumbs: tuple[Rejected, ...] = ()

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """All that was refused."""
        return (*self.crumbs, *(one.as_rejected() for one in self.refused))


def judge(
    found: Segmentation,
    classify: Classify,
    min_confidence: float,
    min_score: float = 0.0,
    vouched_confidence: float = 1.0,
) -> Verdict:
    """Decide which candidates are digits.

    Args:
        found: The candidates.
        classify: The network.
        min_confidence: Less is refused, 0 to 1.
        min_score: What scores less is no digit for the network itself, 0 to 1 (`Classifier.refusal_threshold`).
        vouched_confidence: This will do, instead of both, in a row of digits.
    """

    def convinces(one: Judged) -> bool:
        return one.confidence >= min_confidence and one.score >= min_score

    judged = _best_joins(classify_candidates(list(found.candidates), classify), convinces)
    refused = [Refused(one, CLUTTERED) for one in judged if one.candidate.clutter > MAX_CLUTTER]
    plain = [one for one in judged if one.candidate.clutter <= MAX_CLUTTER]
    accepted = [one for one in plain if convinces(one)]
    lowest = LOWEST_CUT * median(one.box.height for one in accepted) if accepted else 0
    images = 0

    def judge_parts(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal images
        images += len(crops)
        return classify(crops)

    for one in plain:
        if convinces(one):
            continue
        reason = "not a digit" if one.score < min_score else "low confidence"
        if one.box.height >= lowest:
            if images > MAX_JUDGED:
                reason = TOO_MANY
            elif (digits := split(one.candidate, judge_parts, min_confidence)) and all(map(convinces, digits)):
                accepted.extend(digits)
                continue
        refused.append(Refused(one, reason))
    accepted, by_context = refuse_by_context(accepted, refused)
    accepted, refused = accept_by_context(accepted, refused + by_context, vouched_confidence)
    joined = [one.box for one in accepted if len(one.candidate.parts) > 1]
    # A crumb that belongs to a broken digit was read with it.
    crumbs = [one for one in found.rejected if not any(whole.encloses(one.box) for whole in joined)]
    return Verdict(tuple(accepted), tuple(refused), tuple(crumbs))


def _best_joins(judged: list[Judged], convinces: Callable[[Judged], bool]) -> list[Judged]:
    """Single pieces, but two of them replaced by their join where that reads better than either alone."""
    singles = [one for one in judged if len(one.candidate.parts) == 1]
    alone = {next(iter(one.candidate.parts)): one.confidence for one in singles}
    joins = sorted((one for one in judged if len(one.candidate.parts) > 1), key=lambda one: -one.confidence)
    taken: set[int] = set()
    kept = []
    for join in joins:
        parts = join.candidate.parts
        best_alone = max(alone.get(part, 0.0) for part in parts)
        if not parts & taken and convinces(join) and join.confidence >= best_alone:
            taken |= parts
            kept.append(join)
    return [one for one in singles if not one.candidate.parts & taken] + kept
