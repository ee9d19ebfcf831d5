"""Where things stand on a generated page: rows of digits, words, tables, scribbles and printed lines."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.letters import ALONE, SIGNS, invent_word, scribble, warp, write
from mnist_edge.models.pages.marks import Area, Mark, clearance
from mnist_edge.models.pages.tracing import is_legible, trace
from mnist_edge.strokes import Stroke


def write_page(
    split: Split, conditions: Conditions, area: Area, height: float, rng: np.random.Generator
) -> tuple[list[Mark], list[Stroke]]:
    """Fill an area with what the conditions ask for, as far as there is room.

    Args:
        split: Where the digits come from.
        conditions: What to write.
        area: Where.
        height: Of a digit, pixels.
        rng: Decides the rest.

    Returns:
        What is written, digits in reading order, and the printed lines.
    """
    pitch = height * conditions.pitch
    room = max(1, int((area.bottom - area.top - height) // pitch) + 1)
    table = conditions.lines == "table" and conditions.rows > 0
    # Headings stand above or below the digits; those come first where room is short.
    digit_rows = min(conditions.rows, max(1, room - table)) if conditions.rows else 0
    text_rows = max(int(table), min(conditions.text, room - digit_rows))
    above = int(rng.integers(text_rows + 1)) if text_rows and not table else text_rows
    used = (digit_rows + text_rows - 1) * pitch + height
    top = area.top + rng.uniform(0, 1) * max(0.0, area.bottom - area.top - used)
    levels = top + pitch * np.arange(digit_rows + text_rows)
    pick = _Picker(split, rng)
    columns = _columns(conditions, area, height, rng) if table else []
    marks: list[Mark] = []
    left = area.left + rng.uniform(0, 0.3) * (area.right - area.left) * (rng.random() < 0.7)
    ragged = rng.uniform(0, 0.3) * (rng.random() < 0.3) + 0.005
    letters = _letter_height(height, area, rng)
    for index, level in enumerate(levels.tolist()):
        row = index - above
        if table:
            marks += _table_row(pick, conditions, columns, level, height, row, rng)
        elif 0 <= row < digit_rows:
            start = left + rng.uniform(0, ragged) * (area.right - area.left)
            run = _digits(pick, conditions, start, area.right, conditions.columns, height, row, rng)
            marks += [mark.shifted(0, level) for mark in _drifting(run, height, rng)]
        else:
            start = left if rng.random() < 0.7 else area.left
            marks += _words(start, area.right, level, letters * rng.uniform(0.95, 1.05), rng)
    marks += _scribbles(marks, conditions.scribbles, area, height, rng)
    return marks, _printed_lines(conditions, area, levels.tolist(), columns, height, rng)


class _Picker:
    """Takes digits that can be told from their centre lines."""

    def __init__(self, split: Split, rng: np.random.Generator) -> None:
        self.split, self.rng = split, rng
        self.zeros = np.flatnonzero(split.labels == 0)

    def __call__(self, zero: bool = False) -> tuple[int, list[Stroke]]:
        pool = self.zeros if zero and len(self.zeros) else None
        for _ in range(6):
            at = int(self.rng.integers(len(self.split) if pool is None else len(pool)))
            index = at if pool is None else int(pool[at])
            image, label = self.split.images[index, :, :, 0], int(self.split.labels[index])
            if is_legible(image, label):
                break
        return label, trace(image)


def _digits(
    pick: _Picker,
    conditions: Conditions,
    left: float,
    right: float,
    count: int,
    height: float,
    row: int,
    rng: np.random.Generator,
) -> list[Mark]:
    """Digits side by side with their feet near y = `height`, and now and then a sign between them."""
    marks: list[Mark] = []
    pen = conditions.pen * height
    for index in range(count):
        before = marks[-1] if marks else None
        touches = before is not None and before.label is not None and rng.random() < conditions.touching
        zero = touches and before is not None and before.label == 0 and rng.random() < 0.7
        label, strokes = pick(zero or rng.random() < 0.15 * conditions.touching)
        if rng.random() < conditions.retraced:
            strokes = strokes + warp(strokes, rng, 0.02) + warp(strokes, rng, 0.02)
        size = height * rng.uniform(0.88, 1.12)
        shaped = [stroke * size for stroke in warp(strokes, rng, 0.015)]
        mark = Mark(shaped, label, row).shifted(0, height - size + rng.normal(0, 0.03 * height))
        mark = (
            mark.shifted(left - mark.left)
            if before is None
            else _beside(before, mark, touches, conditions, height, rng)
        )
        if mark.right > right and marks:
            break
        marks.append(mark)
        if index < count - 1 and rng.random() < conditions.signs:
            sign = _sign(rng, height)
            sign = sign.shifted(mark.right + pen + height * rng.uniform(0.2, 0.5) - sign.left)
            if sign.right + height > right:
                break
            marks.append(sign)
    return marks


def _beside(
    before: Mark, mark: Mark, touches: bool, conditions: Conditions, height: float, rng: np.random.Generator
) -> Mark:
    """The mark moved to where it follows the one before."""
    pen = conditions.pen * height
    if touches:
        # Between centre lines: less than a pen's width is contact, about 0 a stroke they share.
        return mark.shifted(pen * rng.uniform(-0.4, 0.9) - clearance(before, mark, 0.06 * height))
    gap = 1.5 * pen + 2 + height * conditions.spread * rng.uniform(0.6, 1.3)
    if before.label is not None and rng.random() < conditions.groups:
        gap = max(2.6 * gap, height * rng.uniform(1.0, 1.8))
        return replace(mark, space=True).shifted(before.right + gap - mark.left)
    return mark.shifted(gap - clearance(before, mark, 0.06 * height))


def _sign(rng: np.random.Generator, height: float) -> Mark:
    letter = rng.random() < 0.35
    sign = str(rng.choice(list(ALONE if letter else SIGNS)))
    size = height * rng.uniform(0.7, 1.1)
    return Mark([stroke * size for stroke in warp(write(sign), rng)]).shifted(0, height - size)


def _drifting(run: Sequence[Mark], height: float, rng: np.random.Generator) -> list[Mark]:
    """A line of writing that climbs or falls a little, as a hand does without a ruler."""
    slope, start = rng.normal(0, 0.012), run[0].left
    return [mark.shifted(0, slope * (mark.left - start)) for mark in run]


def _words(left: float, right: float, level: float, height: float, rng: np.random.Generator) -> list[Mark]:
    """Words from left to about right, or less."""
    marks: list[Mark] = []
    x, end = left + rng.uniform(0, 0.5) * height, left + rng.uniform(0.3, 1) * (right - left)
    gap, slant = rng.uniform(0.02, 0.2), rng.normal(0, 0.1)
    while x < end:
        word, at = [], x
        for letter in invent_word(rng):
            strokes = warp(write(letter), rng, 0.04)
            strokes = [np.stack([s[:, 0] + slant * (1 - s[:, 1]), s[:, 1]], axis=1) * height for s in strokes]
            mark = Mark(strokes, thickest=0.13 * height)
            word.append(mark.shifted(at - mark.left, level))
            at = word[-1].right + gap * height
        if at > right:
            break
        marks += word
        x = at + rng.uniform(0.4, 0.9) * height
    return marks


def _letter_height(height: float, area: Area, rng: np.random.Generator) -> float:
    return float(np.clip(height * rng.uniform(0.6, 1), 14, max(14.0, 0.15 * (area.bottom - area.top))))


def _columns(conditions: Conditions, area: Area, height: float, rng: np.random.Generator) -> list[float]:
    """Left edges of a table's cells, the last one its right edge; the first cell is for words."""
    digits = int(rng.integers(1, 4))
    cell = height * (digits * (0.8 + min(conditions.spread, 0.4)) + rng.uniform(0.8, 1.6))
    first = max(cell, rng.uniform(3, 6) * height)
    count = int(min(max(1, conditions.columns // digits), max(1, (area.right - area.left - first) // cell)))
    start = area.left + rng.uniform(0, 1) * max(0.0, area.right - area.left - first - count * cell)
    return [start] + [start + first + cell * index for index in range(count + 1)]


def _table_row(
    pick: _Picker,
    conditions: Conditions,
    columns: Sequence[float],
    level: float,
    height: float,
    row: int,
    rng: np.random.Generator,
) -> list[Mark]:
    """A heading where `row` is negative, else a word and a number a cell."""
    marks: list[Mark] = []
    pad = 0.3 * height
    numbers = 0
    for index, (left, right) in enumerate(pairwise(columns)):
        if row < 0 or index == 0:
            size = max(12.0, height * rng.uniform(0.5, 0.8))
            word = _words(left + pad - 3 * size, right - pad, level + height - size, size, rng)
            marks += [mark for mark in word if mark.left > left + 0.5 * pad]
            continue
        cell = columns[-1] - columns[-2]
        count = max(1, int((cell - 0.8 * height) / (height * (0.8 + min(conditions.spread, 0.4)))))
        run = _digits(pick, conditions, left + pad + rng.uniform(0, pad), right - pad, count, height, row, rng)
        first = replace(run[0], space=numbers > 0 and count > 1)
        marks += [mark.shifted(0, level) for mark in [first, *run[1:]]]
        numbers += 1
    return marks


def _scribbles(marks: Sequence[Mark], count: int, area: Area, height: float, rng: np.random.Generator) -> list[Mark]:
    """Wandering lines where nothing else stands."""
    taken = [np.concatenate(mark.strokes) for mark in marks]
    found: list[Mark] = []
    for _ in range(4 * count):
        size = height * rng.uniform(0.6, 2.5)
        corner = rng.uniform((area.left, area.top), (area.right, area.bottom)) - size / 2
        inside = (np.abs(points - corner - size / 2).max(axis=1) < size / 2 + 0.4 * height for points in taken)
        if len(found) < count and not any(bool(near.any()) for near in inside):
            found.append(Mark([stroke * size + corner for stroke in scribble(rng)]))
            taken.append(found[-1].strokes[0])
    return found


def _printed_lines(
    conditions: Conditions,
    area: Area,
    levels: Sequence[float],
    columns: Sequence[float],
    height: float,
    rng: np.random.Generator,
) -> list[Stroke]:
    """Ruled lines the writing stands on, a grid it runs across, or a table's cells."""
    pitch = height * conditions.pitch
    # The sheet reaches beyond what is written on.
    width, length = area.right - area.left, area.bottom - area.top
    left, right, top, bottom = area.left - width, area.right + width, area.top - length, area.bottom + length
    if conditions.lines == "table" and columns:
        rows = levels[0] - 0.4 * (pitch - height) - 0.1 * height + pitch * np.arange(len(levels) + 1)
        across = [((columns[0], y), (columns[-1], y)) for y in rows]
        down = [((x, rows[0]), (x, rows[-1])) for x in columns]
        return [_straight(*ends) for ends in across + down]
    first = (levels[0] if len(levels) else area.top) + height * (1 + rng.uniform(-0.04, 0.2))
    if conditions.lines == "ruled":
        ruled = [((left, y), (right, y)) for y in np.arange(first - pitch * ((first - top) // pitch), bottom, pitch)]
        margin = area.left + rng.uniform(-0.03, 0.05) * width
        return [_straight(*ends) for ends in ruled + [((margin, top), (margin, bottom))] * (rng.random() < 0.4)]
    if conditions.lines == "grid":
        cell = max(20.0, 0.5 * min(height, 60.0), height * np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
        across = [((left, y), (right, y)) for y in np.arange(first - cell * ((first - top) // cell), bottom, cell)]
        down = [((x, top), (x, bottom)) for x in np.arange(left + rng.uniform(0, cell), right, cell)]
        return [_straight(*ends) for ends in across + down]
    return []


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Stroke:
    """With points on the way, for a page that is bent."""
    return np.linspace(start, end, 25)
