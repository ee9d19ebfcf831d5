"""Correct decisions by the neighbours: refuse parts of digits, fragments and letters, and accept digits of a row.

The thresholds were chosen on generated pages. "Ones" are candidates that are read as the digit 1.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Classified, refuse

# Candidates as rows, shape (n, 6): the columns of `Box`, the strength of the ink, and 1 for whole components or 0 for a
# part that was cut out, which supports no neighbour: any word can be cut until something looks like digits.
Table = NDArray[np.float64]
# What holds for candidates, shape (n,), or for pairs of them, shape (n, m).
Mask = NDArray[np.bool_]
WIDTH, HEIGHT, STRENGTH, WHOLE = 2, 3, 4, 5

# Least height of a digit as a share of the page's median digit, and least strength as a share of the median strength.
MIN_HEIGHT, MIN_STRENGTH = 0.33, 0.45
# A digit within a digit is lower than this share of its height, and this share of its box lies within.
PART_HEIGHT, PART_SHARE = 0.6, 0.5
# More ones than this, and than so many for each other digit of the page, are parts of ruled lines.
MAX_ONES, ONES_PER_DIGIT = 5, 3
# Letters of a word: the widest gap in heights, the largest ratio of heights, and the least overlap of their heights.
WORD_GAP, WORD_RATIO, WORD_OVERLAP = 0.6, 2.5, 0.4
# Text: with more refused candidates than this on the page or the line, digits must exceed this share of them.
PAGE_LETTERS, PAGE_SHARE = 25, 0.2
LINE_LETTERS, LINE_SHARE = 2, 1.0
# The farthest neighbour on a line, in heights (farther off a tilt would matter), and the least overlap of the heights.
LINE_REACH, LINE_OVERLAP = 12.0, 0.3
# So many digits in its row accept a candidate that was refused for one of these reasons.
MIN_ROW, DOUBTS = 2, ("not a digit", "low confidence")
# Digits of a row: the farthest in heights, the least overlap of heights, the largest ratios of heights and strengths.
ROW_REACH, ROW_OVERLAP, ROW_HEIGHTS, ROW_STRENGTHS = 3.0, 0.5, 1.4, 1.6
# The largest ratio of heights and of strengths of the letters of one text.
TEXT_RATIO = 2.0
# The reason of refused candidates that are no letters.
CLUTTERED = "not on plain paper"


def refuse_by_context(
    accepted: list[Classified], refused: list[Classified]
) -> tuple[list[Classified], list[Classified]]:
    """Refuse accepted candidates that the surroundings show to be no digits.

    Args:
        accepted: Candidates that look like digits by themselves.
        refused: Candidates that do not.

    Returns:
        What stays accepted, and what is refused now.
    """
    out: list[Classified] = []
    letters = _table(_letters(refused))
    for reason, holds in _REASONS.items():
        if not accepted:
            break
        doubted = holds(_table(accepted), letters, np.array([candidate.label for candidate in accepted]))
        out += refuse((candidate for candidate, doubt in zip(accepted, doubted, strict=True) if doubt), reason)
        accepted = [candidate for candidate, doubt in zip(accepted, doubted, strict=True) if not doubt]
    return accepted, out


def accept_by_context(
    accepted: list[Classified], refused: list[Classified], min_confidence: float
) -> tuple[list[Classified], list[Classified]]:
    """Accept candidates that nearly look like digits where they stand in a row of digits, such as a 1 with a foot.

    Args:
        accepted: Digits, after `refuse_by_context`.
        refused: All candidates that were refused until then.
        min_confidence: Least confidence of what is accepted, 0 to 1.

    Returns:
        What is accepted now, and what stays refused.
    """
    doubtful = [candidate for candidate in refused if candidate.reason in DOUBTS]
    near_misses = [candidate for candidate in doubtful if candidate.confidence >= min_confidence]
    if not near_misses or len(accepted) < MIN_ROW:
        return accepted, refused
    table, digits = _table(near_misses), _table(accepted)
    near_digits = _in_a_row(table, digits) @ digits[:, WHOLE]
    # Each near miss is among the letters itself.
    near_letters = _in_a_row(table, _table(_letters(refused))).sum(axis=1) - 1
    holds = (near_digits >= MIN_ROW) & (near_digits > 2 * near_letters)
    in_rows = [candidate for candidate, held in zip(near_misses, holds, strict=True) if held]
    accepted = [*accepted, *(replace(candidate, reason="") for candidate in in_rows)]
    return accepted, [candidate for candidate in refused if candidate not in in_rows]


def _letters(refused: Sequence[Classified]) -> list[Classified]:
    return [candidate for candidate in refused if candidate.reason != CLUTTERED]


def _table(classified: Sequence[Classified]) -> Table:
    counts = Counter(candidate.parts for candidate in classified)
    rows = [(*candidate.box, candidate.original.strength, counts[candidate.parts] == 1) for candidate in classified]
    return np.array(rows, np.float64).reshape(-1, 6)


def _too_pale(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    """Paler than the page's pen writes: parts of a grid, or what shows through from the back.

    The pen's strength is taken without the ones, which may be parts of lines.
    """
    others = accepted[labels != 1]
    if not len(others):
        return np.zeros(len(accepted), np.bool_)
    # Weighted by ink: a grid leaves many pale fragments, a pen few strong digits.
    usual = _median(others[:, STRENGTH], others[:, HEIGHT] * others[:, STRENGTH])
    return np.asarray(accepted[:, STRENGTH] < MIN_STRENGTH * usual)


def _of_lines(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    """Many ones with hardly another digit are parts of ruled lines or of a grid."""
    ones = labels == 1
    crowd = np.count_nonzero(ones) > MAX_ONES + ONES_PER_DIGIT * np.count_nonzero(~ones)
    return np.asarray(ones & crowd)


def _inside_another(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    lower = accepted[:, [HEIGHT]] < PART_HEIGHT * accepted[:, HEIGHT]
    shared = np.maximum(0, _overlap(accepted, accepted, 0)) * np.maximum(0, _overlap(accepted, accepted, 1))
    return np.asarray((lower & (shared > PART_SHARE * accepted[:, [WIDTH]] * accepted[:, [HEIGHT]])).any(axis=1))


def _fragment(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    heights = accepted[:, HEIGHT]
    # Weighted by height: many fragments do not outvote a few digits.
    return np.asarray(heights < MIN_HEIGHT * _median(heights, heights))


def _in_a_word(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    """Letters look like digits now and then; then most of their close neighbours do not.

    A single letter makes no word: it may be the x of 2x.
    """
    if not len(letters):
        return np.zeros(len(accepted), np.bool_)
    # A word in cursive is one candidate, but as many letters as it is wide.
    count = np.maximum(1, np.rint(letters[:, WIDTH] / letters[:, HEIGHT]))
    beside = _beside(accepted, letters)
    near = beside @ count
    # Each stands beside itself, digit or letter.
    digits = (_beside(accepted, accepted) - np.eye(len(accepted))) @ accepted[:, WHOLE]
    in_words = beside @ (_beside(letters, letters) @ count > 1)
    return np.asarray((near > digits) & ((near > 1) | in_words))


def _among_text(accepted: Table, letters: Table, labels: NDArray[np.intp]) -> Mask:
    """Among many refused candidates of its size and strength, what looks like a digit does so by accident.

    Its line is decisive, since digits may stand below a paragraph; the page counts less.
    """
    like, digits_like = _alike(accepted, letters), _alike(accepted, accepted)
    page, digits = like.sum(axis=1), digits_like @ accepted[:, WHOLE]
    line = (like & _on_line(accepted, letters)).sum(axis=1)
    digits_on_line = (digits_like & _on_line(accepted, accepted)) @ accepted[:, WHOLE]
    return np.asarray(
        ((page > PAGE_LETTERS) & (digits < PAGE_SHARE * page))
        | ((line > LINE_LETTERS) & (digits_on_line < LINE_SHARE * line))
    )


# In their order: each sees what those before left accepted.
_REASONS = {
    "too pale beside the others": _too_pale,
    "a line": _of_lines,
    "part of another digit": _inside_another,
    "too small beside the others": _fragment,
    "in a word": _in_a_word,
    "among text": _among_text,
}


def _median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(sums, sums[-1] / 2)]])


def _beside(some: Table, others: Table) -> Mask:
    """Which of others stand beside some like the next letter of a word: close, on one line, and of a like size."""
    lower = np.minimum(some[:, [HEIGHT]], others[:, HEIGHT])
    taller = np.maximum(some[:, [HEIGHT]], others[:, HEIGHT])
    close = -_overlap(some, others, 0) < WORD_GAP * lower
    return np.asarray((taller < WORD_RATIO * lower) & (_overlap(some, others, 1) > WORD_OVERLAP * lower) & close)


def _on_line(some: Table, others: Table) -> Mask:
    """Which of others stand on one line with some."""
    lower = np.minimum(some[:, [HEIGHT]], others[:, HEIGHT])
    near = -_overlap(some, others, 0) < LINE_REACH * some[:, [HEIGHT]]
    return np.asarray((_overlap(some, others, 1) > LINE_OVERLAP * lower) & near)


def _alike(some: Table, others: Table) -> Mask:
    """Which of others are about as tall and as strong as some."""
    return _within(some, others, HEIGHT, TEXT_RATIO) & _within(some, others, STRENGTH, TEXT_RATIO)


def _in_a_row(some: Table, others: Table) -> Mask:
    """Which of others stand in a row with some, and are just as tall and as strong."""
    near = -_overlap(some, others, 0) < ROW_REACH * some[:, [HEIGHT]]
    level = _overlap(some, others, 1) > ROW_OVERLAP * some[:, [HEIGHT]]
    alike = _within(some, others, HEIGHT, ROW_HEIGHTS) & _within(some, others, STRENGTH, ROW_STRENGTHS)
    return np.asarray(alike & near & level)


def _within(some: Table, others: Table, column: int, factor: float) -> Mask:
    first, second = some[:, [column]], others[:, column]
    return np.asarray((first < factor * second) & (second < factor * first))


def _overlap(some: Table, others: Table, axis: int) -> Table:
    """Pixels that both cover along x (0) or y (1); what is negative is a gap."""
    ends = np.minimum((some[:, axis] + some[:, axis + 2])[:, None], others[:, axis] + others[:, axis + 2])
    return np.asarray(ends - np.maximum(some[:, [axis]], others[:, axis]))
