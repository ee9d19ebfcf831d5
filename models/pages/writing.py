"""The layout of a generated page: rows of digits, words, tables, scribbles and printed lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.models.pages.clutter import add_clutter
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.letters import ALONE, SIGNS, WORDS, invent_word, scribble, warp, write
from mnist_edge.models.pages.marks import Area, Mark, clearance
from mnist_edge.models.pages.tracing import is_legible, trace
from mnist_edge.models.pages.typefaces import DIGITS, Typeface
from mnist_edge.strokes import Stroke

# Images that are looked at for a legible digit; the last is taken as it is.
TRIES = 6
# Step at which neighbours are compared, in heights of a digit.
CLEARANCE_STEP = 0.06


def write_page(
    split: Split,
    conditions: Conditions,
    area: Area,
    height: float,
    rng: np.random.Generator,
    typefaces: Sequence[Typeface] = (),
) -> tuple[list[Mark], list[Stroke]]:
    """Fill an area with what the conditions ask for, as far as it fits.

    Args:
        split: Where the digits come from.
        conditions: What to write.
        area: Where.
        height: Of a digit, pixels.
        rng: Decides the rest.
        typefaces: Those that the conditions may name.

    Returns:
        What is written, digits in reading order, and the printed lines.
    """
    return Writer(split, conditions, area, height, rng, {face.name: face for face in typefaces}).page()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one page; attributes as the arguments of `write_page`, typefaces by name."""

    split: Split
    conditions: Conditions
    area: Area
    height: float
    rng: np.random.Generator
    typefaces: Mapping[str, Typeface]

    def page(self) -> tuple[list[Mark], list[Stroke]]:
        """Rows of digits, with words above or below them, or a table."""
        conditions, area, height, rng = self.conditions, self.area, self.height, self.rng
        pitch = height * conditions.pitch
        lines = max(1, int((area.bottom - area.top - height) // pitch) + 1)
        table = conditions.lines == "table" and conditions.rows > 0
        # Headings are above or below the digits, which come first where only a few lines fit.
        digit_rows = min(conditions.rows, max(1, lines - table)) if conditions.rows else 0
        text_rows = max(int(table), min(conditions.text, lines - digit_rows))
        above = int(rng.integers(text_rows + 1)) if text_rows and not table else text_rows
        used = (digit_rows + text_rows - 1) * pitch + height
        top = area.top + rng.uniform(0, 1) * max(0.0, area.bottom - area.top - used)
        levels = top + pitch * np.arange(digit_rows + text_rows)
        columns = self.columns() if table else []
        marks: list[Mark] = []
        left = area.left + rng.uniform(0, 0.3) * (area.right - area.left) * (rng.random() < 0.7)
        ragged = rng.uniform(0, 0.3) * (rng.random() < 0.3) + 0.005
        letters = float(np.clip(height * rng.uniform(0.6, 1), 14, max(14.0, 0.15 * (area.bottom - area.top))))
        for index, level in enumerate(levels.tolist()):
            row = index - above
            if table:
                marks += self.table_row(columns, level, row)
            elif 0 <= row < digit_rows:
                start = left + rng.uniform(0, ragged) * (area.right - area.left)
                run = self.digits(start, area.right, conditions.columns, row)
                # A line climbs or falls a little, as a hand's does without a ruler.
                slope = rng.normal(0, 0.012)
                marks += [mark.shifted(0, slope * (mark.left - run[0].left)).shifted(0, level) for mark in run]
            else:
                start = left if rng.random() < 0.7 else area.left
                marks += self.words(start, area.right, level, letters * rng.uniform(0.95, 1.05))
        marks += self.scribbles(marks)
        if conditions.clutter:
            marks += add_clutter(marks, conditions.clutter, area, height, list(self.typefaces.values()), rng)
        return marks, self.printed_lines(levels.tolist(), columns)

    def pick(self, zero: bool = False) -> tuple[int, list[Stroke]]:
        """A digit of the typeface, or a legible one of the split if one is found, as strokes; a 0 where `zero`."""
        if face := self.typefaces.get(self.conditions.digits):
            label = 0 if zero else int(self.rng.integers(10))
            return label, warp(face.glyphs[DIGITS[label]].contours, self.rng, 0.03)
        zeros = np.flatnonzero(self.split.labels == 0) if zero else np.array([], int)
        for _ in range(TRIES):
            at = int(self.rng.integers(len(zeros) or len(self.split)))
            index = int(zeros[at]) if len(zeros) else at
            image, label = self.split.images[index, :, :, 0], int(self.split.labels[index])
            if is_legible(image, label):
                break
        return label, trace(image)

    def digits(self, left: float, right: float, count: int, row: int) -> list[Mark]:
        """Digits side by side with their feet near y = `height`, and now and then a sign between them."""
        conditions, height, rng = self.conditions, self.height, self.rng
        marks: list[Mark] = []
        for index in range(count):
            before = marks[-1] if marks else None
            touches = before is not None and before.label is not None and rng.random() < conditions.touching
            zero = touches and before is not None and before.label == 0 and rng.random() < 0.7
            label, strokes = self.pick(zero or rng.random() < 0.15 * conditions.touching)
            if rng.random() < conditions.retraced:
                strokes = strokes + warp(strokes, rng, 0.02) + warp(strokes, rng, 0.02)
            size = height * rng.uniform(0.88, 1.12)
            raised = 0.0
            if before and conditions.superscripts and rng.random() < conditions.superscripts:
                size, raised = size * rng.uniform(0.35, 0.7), height * rng.uniform(0.2, 0.6)
            if conditions.uneven:
                size *= float(np.exp(-conditions.uneven * rng.uniform(0, 1)))
            shaped = [stroke * size for stroke in warp(strokes, rng, 0.015)]
            mark = Mark(shaped, label, row, filled=conditions.digits in self.typefaces)
            mark = mark.shifted(0, height - size - raised + rng.normal(0, 0.03 * height))
            mark = self.beside(before, mark, touches) if before else mark.shifted(left - mark.left)
            if mark.right > right and marks:
                break
            marks.append(mark)
            if index < count - 1 and rng.random() < conditions.signs:
                sign = self.sign()
                gap = conditions.pen * height + height * rng.uniform(0.2, 0.5)
                sign = sign.shifted(mark.right + gap - sign.left)
                if sign.right + height > right:
                    break
                marks.append(sign)
        return marks

    def beside(self, before: Mark, mark: Mark, touches: bool) -> Mark:
        """The mark moved to where it follows the one before."""
        conditions, height, rng = self.conditions, self.height, self.rng
        pen = conditions.pen * height
        if touches:
            # Between centre lines: less than a pen's width is contact, about 0 a stroke they share.
            apart = pen * rng.uniform(-0.4, 0.9)
            apart -= rng.uniform(0, conditions.crossing) * height if conditions.crossing else 0.0
            return mark.shifted(apart - clearance(before, mark, CLEARANCE_STEP * height))
        gap = 1.5 * pen + 2 + height * conditions.spread * rng.uniform(0.6, 1.3)
        if before.label is not None and rng.random() < conditions.groups:
            gap = max(2.6 * gap, height * rng.uniform(1.0, 1.8))
            return replace(mark, space=True).shifted(before.right + gap - mark.left)
        return mark.shifted(gap - clearance(before, mark, CLEARANCE_STEP * height))

    def sign(self) -> Mark:
        """An operator, or a letter that is unlike any digit."""
        letter = self.rng.random() < 0.35
        sign = str(self.rng.choice(list(ALONE if letter else SIGNS)))
        size = self.height * self.rng.uniform(0.7, 1.1)
        return Mark([stroke * size for stroke in warp(write(sign), self.rng)]).shifted(0, self.height - size)

    def words(self, left: float, right: float, level: float, height: float) -> list[Mark]:
        """Words of letters so high, from left to about right, or less."""
        conditions, rng = self.conditions, self.rng
        marks: list[Mark] = []
        x, end = left + rng.uniform(0, 0.5) * height, left + rng.uniform(0.3, 1) * (right - left)
        gap, slant = rng.uniform(0.02, 0.2), rng.normal(0, 0.1)
        while x < end:
            word, at = [], x
            if face := self.typefaces.get(conditions.words):
                word = [mark.shifted(x, level) for mark in _set_word(face, height, rng)]
                at = max((mark.right for mark in word), default=right) + gap * height
            else:
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

    def columns(self) -> list[float]:
        """Left edges of a table's cells, the last one its right edge; the first cell is for words."""
        conditions, height, rng, width = self.conditions, self.height, self.rng, self.area.right - self.area.left
        digits = int(rng.integers(1, 4))
        cell = height * (digits * self.digit_width() + rng.uniform(0.8, 1.6))
        first = max(cell, rng.uniform(3, 6) * height)
        count = int(min(max(1, conditions.columns // digits), max(1, (width - first) // cell)))
        start = self.area.left + rng.uniform(0, 1) * max(0.0, width - first - count * cell)
        return [start] + [start + first + cell * index for index in range(count + 1)]

    def digit_width(self) -> float:
        """About how wide a digit of a table is with its gap, in heights."""
        return 0.8 + min(self.conditions.spread, 0.4)

    def table_row(self, columns: Sequence[float], level: float, row: int) -> list[Mark]:
        """A heading where `row` is negative, else a word and a number a cell."""
        height, rng = self.height, self.rng
        marks: list[Mark] = []
        pad = 0.3 * height
        for index, (left, right) in enumerate(pairwise(columns)):
            if row < 0 or index == 0:
                size = max(12.0, height * rng.uniform(0.5, 0.8))
                word = self.words(left + pad - 3 * size, right - pad, level + height - size, size)
                marks += [mark for mark in word if mark.left > left + 0.5 * pad]
                continue
            cell = columns[-1] - columns[-2]
            count = max(1, int((cell - 0.8 * height) / (height * self.digit_width())))
            run = self.digits(left + pad + rng.uniform(0, pad), right - pad, count, row)
            first = replace(run[0], space=index > 1 and count > 1)
            marks += [mark.shifted(0, level) for mark in [first, *run[1:]]]
        return marks

    def scribbles(self, marks: Sequence[Mark]) -> list[Mark]:
        """Wandering lines where nothing else is written."""
        area, height, rng, count = self.area, self.height, self.rng, self.conditions.scribbles
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

    def printed_lines(self, levels: Sequence[float], columns: Sequence[float]) -> list[Stroke]:
        """Ruled lines below the writing, a grid across it, or a table's cells."""
        area, height, rng, kind = self.area, self.height, self.rng, self.conditions.lines
        pitch = height * self.conditions.pitch
        # The sheet reaches beyond what is written on.
        width, length = area.right - area.left, area.bottom - area.top
        left, right, top, bottom = area.left - width, area.right + width, area.top - length, area.bottom + length
        if kind == "table" and columns:
            rows = levels[0] - 0.4 * (pitch - height) - 0.1 * height + pitch * np.arange(len(levels) + 1)
            across = [((columns[0], y), (columns[-1], y)) for y in rows]
            return _straight(across + [((x, rows[0]), (x, rows[-1])) for x in columns])
        first = (levels[0] if len(levels) else area.top) + height * (1 + rng.uniform(-0.04, 0.2))
        if kind == "ruled":
            rows = np.arange(first - pitch * ((first - top) // pitch), bottom, pitch)
            margin = area.left + rng.uniform(-0.03, 0.05) * width
            down = [((margin, top), (margin, bottom))] * (rng.random() < 0.4)
        elif kind == "grid":
            cell = max(20.0, 0.5 * min(height, 60.0), height * np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
            rows = np.arange(first - cell * ((first - top) // cell), bottom, cell)
            down = [((x, top), (x, bottom)) for x in np.arange(left + rng.uniform(0, cell), right, cell)]
        else:
            return []
        return _straight([((left, y), (right, y)) for y in rows] + down)


def _set_word(face: Typeface, height: float, rng: np.random.Generator) -> list[Mark]:
    """A word in a typeface from x 0, bent a little as a whole where the typeface is a hand; print has numbers too."""
    word = str(rng.choice(WORDS)) if rng.random() < 0.7 else invent_word(rng)
    case = rng.random()
    word = word.upper() if case < 0.12 else word.capitalize() if case < 0.4 else word
    if not face.handwritten and not face.foreign and rng.random() < 0.25:
        # Printed numbers are no handwriting.
        word = "".join(rng.choice(list(DIGITS + "-.,:/"), int(rng.integers(1, 8))))
    characters = face.text(face.spelled(word, rng), float(rng.uniform(0.85, 1.1)))
    contours = [contour for character in characters for contour in character]
    bent = iter(warp(contours, rng, 0.02) if face.handwritten else contours)
    return [Mark([next(bent) * height for _ in character], filled=True) for character in characters]


def _straight(lines: Sequence[tuple[Any, Any]]) -> list[Stroke]:
    """Lines between two points, with points on the way, for a page that is bent."""
    return [np.linspace(start, end, 25) for start, end in lines]
