"""What the neighbours say: parts of digits, crumbs beside digits, letters of words, and digits of a row."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Judged, Refused

# Pieces of ink, shape (n, 6): the columns of `Box`, the strength of the ink, and 1 for one that stands alone or 0 for a
# part of a larger piece, which says nothing of its neighbours: any word can be cut until something looks like digits.
Pieces = NDArray[np.float64]
# What holds for pieces, shape (n,), or between two lists of them, shape (n, m).
Facts = NDArray[np.bool_]
WIDTH, HEIGHT, STRENGTH, ALONE = 2, 3, 4, 5

# Heights in shares of the page's usual digit, and ink in shares of its usual ink.
SMALLEST = 0.33
PALEST = 0.45
# More ones than this on a page, and than so many for each other digit, are pieces of lines.
MOST_ONES, ONES_A_DIGIT = 5, 3
# A letter's neighbours stand closer than this, in heights.
WORD_GAP = 0.6
# Among more refused pieces than this on a page or a line, fewer accepted ones than this share of them are accidents.
TEXT_PIECES, PAGE_SHARE = 25, 0.2
LINE_PIECES, TEXT_SHARE = 2, 1.0
# So many digits on its line vouch for what was refused for one of these reasons.
VOUCHERS = 2
DOUBTS = ("not a digit", "low confidence")
# How far off they may stand, in heights.
FELLOW_REACH = 3.0
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
    out: list[Refused] = []
    letters = _table([one.judged for one in refused if one.reason != CLUTTERED])
    for reason, holds in _REASONS.items():
        if not accepted:
            break
        doubted = holds(_table(accepted), letters, np.array([one.label for one in accepted]))
        out += [Refused(one, reason) for one, doubt in zip(accepted, doubted, strict=True) if doubt]
        accepted = [one for one, doubt in zip(accepted, doubted, strict=True) if not doubt]
    return accepted, out


def accept_by_context(
    accepted: list[Judged], refused: list[Refused], least: float
) -> tuple[list[Judged], list[Refused]]:
    """Believe what nearly looks like a digit where it stands in a row of digits, such as a 1 with a foot.

    Args:
        accepted: Digits, after `refuse_by_context`.
        refused: All that were refused until then.
        least: Least confidence of what is believed, 0 to 1.

    Returns:
        What is accepted now, and what stays refused.
    """
    near_misses = [one.judged for one in refused if one.reason in DOUBTS and one.judged.confidence >= least]
    if not near_misses or len(accepted) < VOUCHERS:
        return accepted, refused
    ones = _table(near_misses)
    table = _table(accepted)
    digits = _fellows(ones, table) @ table[:, ALONE]
    # It is one of the letters itself.
    letters = _fellows(ones, _table([one.judged for one in refused if one.reason != CLUTTERED])).sum(axis=1) - 1
    holds = (digits >= VOUCHERS) & (digits > 2 * letters)
    vouched = [one for one, believed in zip(near_misses, holds, strict=True) if believed]
    return [*accepted, *vouched], [one for one in refused if one.judged not in vouched]


def _table(judged: Sequence[Judged]) -> Pieces:
    pieces = Counter(one.candidate.parts for one in judged)
    rows = [(*one.box, one.candidate.strength, pieces[one.candidate.parts] == 1) for one in judged]
    return np.array(rows, np.float64).reshape(-1, 6)


def _too_pale(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    """Paler than what the page's pen writes: pieces of a grid, or what shows through from the back.

    Ones have no say in how strong that is: pieces of lines look like them.
    """
    sure = accepted[labels != 1]
    if not len(sure):
        return np.zeros(len(accepted), np.bool_)
    # Weighted by ink: a grid leaves many pale crumbs, a pen few strong digits.
    usual = _median(sure[:, STRENGTH], sure[:, HEIGHT] * sure[:, STRENGTH])
    return np.asarray(accepted[:, STRENGTH] < PALEST * usual)


def _of_lines(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    """Ones in a crowd with hardly another digit are pieces of ruled or grid lines."""
    ones = labels == 1
    crowd = np.count_nonzero(ones) > MOST_ONES + ONES_A_DIGIT * np.count_nonzero(~ones)
    return np.asarray(ones & crowd)


def _inside_another(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    lower = accepted[:, [HEIGHT]] < 0.6 * accepted[:, HEIGHT]
    shared = np.maximum(0, _overlap(accepted, accepted, 0)) * np.maximum(0, _overlap(accepted, accepted, 1))
    return np.asarray((lower & (shared > 0.5 * accepted[:, [WIDTH]] * accepted[:, [HEIGHT]])).any(axis=1))


def _crumb(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    heights = accepted[:, HEIGHT]
    # Each weighs as much as it is tall: many crumbs do not outvote a few digits.
    return np.asarray(heights < SMALLEST * _median(heights, heights))


def _in_a_word(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    """Letters look like digits now and then; then most of their close neighbours do not.

    A single letter makes no word: it may be the x of 2x.
    """
    if not len(letters):
        return np.zeros(len(accepted), np.bool_)
    # A word in cursive is one piece, but as many letters as it is wide.
    count = np.maximum(1, np.rint(letters[:, WIDTH] / letters[:, HEIGHT]))
    beside = _beside(accepted, letters)
    near = beside @ count
    # Each stands beside itself, digit or letter.
    digits = (_beside(accepted, accepted) - np.eye(len(accepted))) @ accepted[:, ALONE]
    in_words = beside @ (_beside(letters, letters) @ count > 1)
    return np.asarray((near > digits) & ((near > 1) | in_words))


def _among_text(accepted: Pieces, letters: Pieces, labels: NDArray[np.intp]) -> Facts:
    """Among many refused pieces of its size and ink, what looks like a digit is one by accident.

    Its line counts, since digits may stand below a paragraph, and, much less, the page.
    """
    like, fellows = _alike(accepted, letters), _alike(accepted, accepted)
    page, digits = like.sum(axis=1), fellows @ accepted[:, ALONE]
    line = (like & _on_line(accepted, letters)).sum(axis=1)
    digits_on_line = (fellows & _on_line(accepted, accepted)) @ accepted[:, ALONE]
    return np.asarray(
        ((page > TEXT_PIECES) & (digits < PAGE_SHARE * page))
        | ((line > LINE_PIECES) & (digits_on_line < TEXT_SHARE * line))
    )


# In the order they are asked: each sees what the ones before left accepted.
_REASONS = {
    "too pale beside the others": _too_pale,
    "a line": _of_lines,
    "part of another digit": _inside_another,
    "too small beside the others": _crumb,
    "in a word": _in_a_word,
    "among text": _among_text,
}


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(sums, sums[-1] / 2)]])


def _beside(ones: Pieces, others: Pieces) -> Facts:
    """Which stand next to one on its line, as close as a letter, and of a like size."""
    lower = np.minimum(ones[:, [HEIGHT]], others[:, HEIGHT])
    taller = np.maximum(ones[:, [HEIGHT]], others[:, HEIGHT])
    close = -_overlap(ones, others, 0) < WORD_GAP * lower
    return np.asarray((taller < 2.5 * lower) & (_overlap(ones, others, 1) > 0.4 * lower) & close)


def _on_line(ones: Pieces, others: Pieces) -> Facts:
    """Which stand on one's line, near or far."""
    lower = np.minimum(ones[:, [HEIGHT]], others[:, HEIGHT])
    near = -_overlap(ones, others, 0) < LINE_REACH * ones[:, [HEIGHT]]
    return np.asarray((_overlap(ones, others, 1) > 0.3 * lower) & near)


def _alike(ones: Pieces, others: Pieces) -> Facts:
    """Which are about as tall as one, and as strong."""
    return _within(ones, others, HEIGHT, 2) & _within(ones, others, STRENGTH, 2)


def _fellows(ones: Pieces, others: Pieces) -> Facts:
    """Which stand on one's line, not far off, and are just as tall and as strong."""
    near = -_overlap(ones, others, 0) < FELLOW_REACH * ones[:, [HEIGHT]]
    level = _overlap(ones, others, 1) > 0.5 * ones[:, [HEIGHT]]
    return np.asarray(_within(ones, others, HEIGHT, 1.4) & _within(ones, others, STRENGTH, 1.6) & near & level)


def _within(ones: Pieces, others: Pieces, column: int, factor: float) -> Facts:
    one, other = ones[:, [column]], others[:, column]
    return np.asarray((one < factor * other) & (other < factor * one))


def _overlap(ones: Pieces, others: Pieces, axis: int) -> Pieces:
    """Pixels that both cover along x (0) or y (1); below 0 it is the gap between them."""
    ends = np.minimum((ones[:, axis] + ones[:, axis + 2])[:, None], others[:, axis] + others[:, axis + 2])
    return np.asarray(ends - np.maximum(ones[:, [axis]], others[:, axis]))
