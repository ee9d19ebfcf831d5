"""What the neighbours say: parts of digits, crumbs beside digits, letters of words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.candidate import Judged, Refused

# One piece, shape (5,), or a page of them, shape (n, 5): the columns of `Box`, then the strength of the ink.
Pieces = NDArray[np.float64]
WIDTH, HEIGHT, STRENGTH = 2, 3, 4

# Heights in shares of the page's usual digit, and ink in shares of its usual ink.
SMALLEST = 0.33
PALEST = 0.45
# A letter's neighbours stand closer than this, in heights.
WORD_GAP = 0.6
# Among more refused pieces than this on a page or a line, fewer accepted ones than this share of them are accidents.
TEXT_PIECES, PAGE_SHARE = 25, 0.2
LINE_PIECES, TEXT_SHARE = 4, 0.5
# Least confidence of what so many digits on its line vouch for.
VOUCHED_CONFIDENCE, VOUCHERS = 0.4, 2
# How far a line is followed, in heights: further off its tilt would tell.
LINE_REACH = 12.0
# Why refused pieces are no letters.
CLUTTERED = "not on plain paper"


def refuse_by_context(accepted: list[Judged], refused: list[Refused]) -> tuple[list[Judged], list[Refused]]:
    """Take back what the surroundings show to be no digit.

    Args:
        accepted: Candidates that look like digits by themselves.
        refused: Candidates that do not.

    Returns:
        What stays accepted, and what is refused now.
    """
    pale = _too_pale(accepted)
    out = [Refused(one, "too pale beside the others") for one, doubt in zip(accepted, pale, strict=True) if doubt]
    accepted = [one for one, doubt in zip(accepted, pale, strict=True) if not doubt]
    letters = _table([one.judged for one in refused if one.reason != CLUTTERED])
    for reason, holds in _REASONS.items():
        pieces = _table(accepted)
        doubted = [holds(piece, pieces, letters) for piece in pieces]
        out += [Refused(one, reason) for one, doubt in zip(accepted, doubted, strict=True) if doubt]
        accepted = [one for one, doubt in zip(accepted, doubted, strict=True) if not doubt]
    return accepted, out


def _table(judged: Sequence[Judged]) -> Pieces:
    return np.array([(*one.box, one.candidate.strength) for one in judged], np.float64).reshape(-1, 5)


def _inside_another(one: Pieces, accepted: Pieces, letters: Pieces) -> bool:
    return bool(((one[HEIGHT] < 0.6 * accepted[:, HEIGHT]) & (_share_inside(one, accepted) > 0.5)).any())


def _crumb(one: Pieces, accepted: Pieces, letters: Pieces) -> bool:
    # Each weighs as much as it is tall: many crumbs do not outvote a few digits.
    return bool(one[HEIGHT] < SMALLEST * _median(accepted[:, HEIGHT], accepted[:, HEIGHT]))


def accept_by_context(accepted: list[Judged], refused: list[Refused]) -> tuple[list[Judged], list[Refused]]:
    """Believe what nearly looks like a digit where it stands in a row of digits, such as a 1 with a foot.

    Args:
        accepted: Digits, after `refuse_by_context`.
        refused: All that were refused until then.

    Returns:
        What is accepted now, and what stays refused.
    """
    digits = _table(accepted)
    doubted = [one for one in refused if one.reason != CLUTTERED and one.judged.confidence >= VOUCHED_CONFIDENCE]
    letters = _table([one.judged for one in refused if one.reason != CLUTTERED])
    vouched = {one.judged for one in doubted if _in_a_row_of_digits(_table([one.judged])[0], digits, letters)}
    return [*accepted, *vouched], [one for one in refused if one.judged not in vouched]


def _in_a_row_of_digits(one: Pieces, digits: Pieces, letters: Pieces) -> bool:
    fellows, others = _fellows(one, digits), _fellows(one, letters)
    # It is one of the letters itself.
    return bool(len(fellows) >= VOUCHERS and len(fellows) > 2 * (len(others) - 1))


def _fellows(one: Pieces, others: Pieces) -> Pieces:
    """Those on its line that are as tall and as strong."""
    alike = (
        (np.abs(np.log(others[:, HEIGHT] / one[HEIGHT])) < np.log(1.4))
        & (np.abs(np.log(others[:, STRENGTH] / one[STRENGTH])) < np.log(1.6))
        & (-_overlap(one, others, 0) < 3 * one[HEIGHT])
        & (_overlap(one, others, 1) > 0.5 * one[HEIGHT])
    )
    return np.asarray(others[alike])


def _too_pale(accepted: list[Judged]) -> list[bool]:
    """Which are paler than what the page's pen writes: pieces of a grid, or what shows through from the back.

    Ones have no say in how strong that is: pieces of lines look like them.
    """
    sure = _table([one for one in accepted if one.label != 1])
    # Weighted by ink: a grid leaves many pale crumbs, a pen few strong digits.
    least = PALEST * _median(sure[:, STRENGTH], sure[:, HEIGHT] * sure[:, STRENGTH]) if len(sure) else 0.0
    return [one.candidate.strength < least for one in accepted]


def _in_a_word(one: Pieces, accepted: Pieces, letters: Pieces) -> bool:
    """Letters look like digits now and then; then most of their close neighbours do not.

    A single letter makes no word: it may be the x of 2x.
    """
    # It stands beside itself.
    digits = np.count_nonzero(_beside(one, accepted)) - 1
    near = letters[_beside(one, letters)]
    count = _letters(near)
    if count <= digits:
        return False
    return count > 1 or any(_letters(letters[_beside(letter, letters)]) > 1 for letter in near)


def _letters(pieces: Pieces) -> int:
    """A word in cursive is one piece, but as many letters as it is wide."""
    return int(np.maximum(1, np.rint(pieces[:, WIDTH] / pieces[:, HEIGHT])).sum())


def _among_text(one: Pieces, accepted: Pieces, letters: Pieces) -> bool:
    """Among many refused pieces of its size and ink, what looks like a digit is one by accident.

    Its line counts, since digits may stand below a paragraph, and, much less, the page.
    """
    like, fellows = letters[_alike(one, letters)], accepted[_alike(one, accepted)]
    if len(like) > TEXT_PIECES and len(fellows) < PAGE_SHARE * len(like):
        return True
    in_line = np.count_nonzero(_on_line(one, like))
    return bool(in_line > LINE_PIECES and np.count_nonzero(_on_line(one, fellows)) < TEXT_SHARE * in_line)


# In the order they are asked: each sees what the ones before left accepted.
_REASONS = {
    "part of another digit": _inside_another,
    "too small beside the others": _crumb,
    "in a word": _in_a_word,
    "among text": _among_text,
}


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(sums, sums[-1] / 2)]])


def _beside(one: Pieces, others: Pieces) -> NDArray[np.bool_]:
    """Which stand next to one on its line, as close as a letter, and of a like size."""
    lower = np.minimum(one[HEIGHT], others[:, HEIGHT])
    taller = np.maximum(one[HEIGHT], others[:, HEIGHT])
    gap = -_overlap(one, others, 0)
    return np.asarray(
        (taller < 2.5 * lower) & (_overlap(one, others, 1) > 0.4 * lower) & (gap < WORD_GAP * lower), np.bool_
    )


def _on_line(one: Pieces, others: Pieces) -> NDArray[np.bool_]:
    """Which stand on its line, near or far."""
    lower = np.minimum(one[HEIGHT], others[:, HEIGHT])
    near = -_overlap(one, others, 0) < LINE_REACH * one[HEIGHT]
    return np.asarray((_overlap(one, others, 1) > 0.3 * lower) & near, np.bool_)


def _alike(one: Pieces, others: Pieces) -> NDArray[np.bool_]:
    return np.asarray(
        (one[HEIGHT] < 2 * others[:, HEIGHT])
        & (others[:, HEIGHT] < 2 * one[HEIGHT])
        & (one[STRENGTH] < 2 * others[:, STRENGTH])
        & (others[:, STRENGTH] < 2 * one[STRENGTH]),
        np.bool_,
    )


def _share_inside(inner: Pieces, outers: Pieces) -> NDArray[np.float64]:
    shared = np.maximum(0, _overlap(inner, outers, 0)) * np.maximum(0, _overlap(inner, outers, 1))
    return np.asarray(shared / (inner[WIDTH] * inner[HEIGHT]), np.float64)


def _overlap(one: Pieces, others: Pieces, axis: int) -> Pieces:
    """Pixels that both cover along x (0) or y (1); below 0 it is the gap between them."""
    ends = np.minimum(one[axis] + one[axis + 2], others[:, axis] + others[:, axis + 2])
    return np.asarray(ends - np.maximum(one[axis], others[:, axis]), np.int64)
