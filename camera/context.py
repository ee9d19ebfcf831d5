"""What the neighbours say: parts of digits, crumbs beside digits, letters of words."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.candidate import Judged, Refused

# One box, shape (4,), or a page of them, shape (n, 4), as columns of `Box`: a page may hold thousands.
Boxes = NDArray[np.int64]
WIDTH, HEIGHT = 2, 3

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
    others = _boxes([one.judged for one in refused])
    for reason, holds in _REASONS.items():
        boxes = _boxes(accepted)
        doubted = [holds(box, boxes, others) for box in boxes]
        out += [Refused(one, reason) for one, doubt in zip(accepted, doubted, strict=True) if doubt]
        accepted = [one for one, doubt in zip(accepted, doubted, strict=True) if not doubt]
    return accepted, out


def _boxes(judged: list[Judged]) -> Boxes:
    return np.array([one.box for one in judged], np.int64).reshape(-1, 4)


def _inside_another(one: Boxes, accepted: Boxes, refused: Boxes) -> bool:
    return bool(((one[HEIGHT] < 0.6 * accepted[:, HEIGHT]) & (_share_inside(one, accepted) > 0.5)).any())


def _crumb(one: Boxes, accepted: Boxes, refused: Boxes) -> bool:
    return bool(one[HEIGHT] < SMALLEST * _usual_height(accepted))


def _in_a_word(one: Boxes, accepted: Boxes, refused: Boxes) -> bool:
    """Letters look like digits now and then; then most of their close neighbours do not."""
    # It stands beside itself.
    digits = np.count_nonzero(_beside(one, accepted)) - 1
    # A word in cursive is one piece, but as many letters as it is wide.
    near = refused[_beside(one, refused)]
    return bool(np.maximum(1, np.rint(near[:, WIDTH] / near[:, HEIGHT])).sum() > digits)


def _on_a_page_of_text(one: Boxes, accepted: Boxes, refused: Boxes) -> bool:
    """Among many refused pieces of its size, what looks like a digit is one by accident."""
    like = np.count_nonzero(_alike(one, refused))
    fellows = np.count_nonzero(_alike(one, accepted))
    return bool(like > TEXT_PIECES and fellows < TEXT_SHARE * like)


# In the order they are asked: each sees what the ones before left accepted.
_REASONS = {
    "part of another digit": _inside_another,
    "too small beside the others": _crumb,
    "in a word": _in_a_word,
    "among text": _on_a_page_of_text,
}


def _usual_height(accepted: Boxes) -> float:
    """The median height, each digit weighing as much as it is tall: many crumbs do not outvote a few digits."""
    heights = np.sort(accepted[:, HEIGHT])
    weights = np.cumsum(heights)
    return float(heights[np.searchsorted(weights, weights[-1] / 2)])


def _beside(one: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Which stand next to one on its line, as close as a letter, and of a like size."""
    lower = np.minimum(one[HEIGHT], others[:, HEIGHT])
    taller = np.maximum(one[HEIGHT], others[:, HEIGHT])
    gap = -_overlap(one, others, 0)
    return np.asarray(
        (taller < 2.5 * lower) & (_overlap(one, others, 1) > 0.4 * lower) & (gap < WORD_GAP * lower), np.bool_
    )


def _alike(one: Boxes, others: Boxes) -> NDArray[np.bool_]:
    return np.asarray((one[HEIGHT] < 2 * others[:, HEIGHT]) & (others[:, HEIGHT] < 2 * one[HEIGHT]), np.bool_)


def _share_inside(inner: Boxes, outers: Boxes) -> NDArray[np.float64]:
    shared = np.maximum(0, _overlap(inner, outers, 0)) * np.maximum(0, _overlap(inner, outers, 1))
    return np.asarray(shared / (inner[WIDTH] * inner[HEIGHT]), np.float64)


def _overlap(one: Boxes, others: Boxes, axis: int) -> Boxes:
    """Pixels that both cover along x (0) or y (1); below 0 it is the gap between them."""
    ends = np.minimum(one[axis] + one[axis + 2], others[:, axis] + others[:, axis + 2])
    return np.asarray(ends - np.maximum(one[axis], others[:, axis]), np.int64)
