"""What the neighbours say: parts of digits, crumbs beside digits, letters of words."""

import numpy as np

from mnist_edge.camera.candidate import Judged, Refused
from mnist_edge.reading import Box

# Heights in shares of the page's usual digit.
SMALLEST = 0.33
# A letter's neighbours stand closer than this, in heights.
WORD_GAP = 0.6
# On a page with more refused pieces than this, fewer accepted ones than this share of them are accidents.
TEXT_PIECES = 25
TEXT_SHARE = 0.5


def refuse_by_context(accepted: list[Judged], refused: list[Refused]) -> tuple[list[Judged], list[Refused]]:
    """Take back what the surroundings show to be no digit.

    Args:
        accepted: Candidates that look like digits by themselves.
        refused: Candidates that do not.

    Returns:
        What stays accepted, and what is refused now.
    """
    out: list[Refused] = []
    for reason, holds in _REASONS.items():
        doubted = [one for one in accepted if holds(one, accepted, refused)]
        accepted = [one for one in accepted if one not in doubted]
        out += [Refused(one, reason) for one in doubted]
    return accepted, out


def _inside_another(one: Judged, accepted: list[Judged], refused: list[Refused]) -> bool:
    return any(
        one.box.height < 0.6 * other.box.height and _share_inside(one.box, other.box) > 0.5
        for other in accepted
        if other is not one
    )


def _crumb(one: Judged, accepted: list[Judged], refused: list[Refused]) -> bool:
    return one.box.height < SMALLEST * _usual_height(accepted)


def _in_a_word(one: Judged, accepted: list[Judged], refused: list[Refused]) -> bool:
    """Letters look like digits now and then; then most of their close neighbours do not."""
    digits = sum(_beside(one.box, other.box) for other in accepted if other is not one)
    # A word in cursive is one piece, but as many letters as it is wide.
    letters = sum(
        max(1, round(other.judged.box.width / other.judged.box.height))
        for other in refused
        if _beside(one.box, other.judged.box)
    )
    return letters > digits


def _on_a_page_of_text(one: Judged, accepted: list[Judged], refused: list[Refused]) -> bool:
    """Among many refused pieces of its size, what looks like a digit is one by accident."""
    like = [other for other in refused if _alike(one.box, other.judged.box)]
    fellows = sum(_alike(one.box, other.box) for other in accepted)
    return len(like) > TEXT_PIECES and fellows < TEXT_SHARE * len(like)


# In the order they are asked: each sees what the ones before left accepted.
_REASONS = {
    "part of another digit": _inside_another,
    "too small beside the others": _crumb,
    "in a word": _in_a_word,
    "among text": _on_a_page_of_text,
}


def _usual_height(accepted: list[Judged]) -> float:
    """The median height, each digit weighing as much as it is tall: many crumbs do not outvote a few digits."""
    if not accepted:
        return 0.0
    heights = np.sort([one.box.height for one in accepted])
    weights = np.cumsum(heights)
    return float(heights[np.searchsorted(weights, weights[-1] / 2)])


def _beside(a: Box, b: Box) -> bool:
    """Whether b stands next to a on one line, as close as a letter, and of a like size."""
    height = min(a.height, b.height)
    gap = max(a.x, b.x) - min(a.x + a.width, b.x + b.width)
    overlap = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(a.height, b.height) < 2.5 * height and overlap > 0.4 * height and gap < WORD_GAP * height


def _alike(a: Box, b: Box) -> bool:
    return max(a.height, b.height) < 2 * min(a.height, b.height)


def _share_inside(inner: Box, outer: Box) -> float:
    width = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    height = min(inner.y + inner.height, outer.y + outer.height) - max(inner.y, outer.y)
    return max(0, width) * max(0, height) / (inner.width * inner.height)
