"""Digits in other places than rows: dates and amounts, sums, and the cells of `cells.py`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.models.pages.cells import Drawn, draw_form, draw_framed, draw_squares
from mnist_edge.models.pages.clutter import add_clutter, line, rectangle
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.drawings import DRAWINGS
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.phrases import PHRASES, draw_rule, write_digit, write_phrase, write_sign
from mnist_edge.models.pages.prose import choose_prose
from mnist_edge.models.pages.typefaces import Typeface
from mnist_edge.models.pages.writing import Writer
from mnist_edge.strokes import Stroke

AMOUNTS = ("000", "00,00", "0.000", "00.000", "000.000", "0,000.00", "0.000.000", "0000.00", "00000", "000000,00")
BEFORE, AFTER = ("", "", "$", "$ ", "**", "#", "=", "$**", "* "), ("", "", "**", "=", ".-", ",-", "/", "#", "---", "=-")


def write_layout(
    split: Split,
    conditions: Conditions,
    area: Area,
    height: float,
    rng: np.random.Generator,
    typefaces: Sequence[Typeface] = (),
) -> Drawn:
    """Fill an area in the layout that the conditions name; arguments and result as for `write_page`."""
    writer = Writer(split, conditions, area, height, rng, {face.name: face for face in typefaces})
    if conditions.layout in DRAWINGS:
        marks, lines = DRAWINGS[conditions.layout](conditions, area, height, rng, writer.typefaces)
    else:
        marks, lines = LAYOUTS[conditions.layout](writer)
        marks = _numbered(marks)
    if conditions.clutter:
        marks = marks + add_clutter(marks, conditions.clutter, area, height, list(writer.typefaces.values()), rng)
    return marks, lines


def _fits(writer: Writer, count: int) -> float:
    """Height of that many digits and signs side by side, at most the page's."""
    width = writer.area.right - writer.area.left
    return min(writer.height, width / (count * (0.75 + writer.conditions.spread)))


def _lines(writer: Writer) -> Drawn:
    """Dates, prices, telephone numbers, formulas: digits among signs, one phrase a line."""
    area, rng = writer.area, writer.rng
    pitch = writer.height * writer.conditions.pitch
    count = int(np.clip((area.bottom - area.top - writer.height) // pitch + 1, 1, writer.conditions.rows))
    top = area.top + rng.uniform(0, 1) * max(0.0, area.bottom - area.top - pitch * (count - 1) - writer.height)
    marks: list[Mark] = []
    levels = top + pitch * np.arange(count)
    for row, level in enumerate(levels.tolist()):
        phrase = str(rng.choice(PHRASES))
        if len(phrase) < 7 and rng.random() < 0.5:
            phrase += "  " + str(rng.choice(PHRASES))
        height = _fits(writer, min(len(phrase), 12))
        left = area.left + rng.uniform(0, 0.5) * max(0.0, area.right - area.left - 0.8 * height * len(phrase))
        marks += write_phrase(writer, phrase, left, level + writer.height - height, height, row)
    return marks, writer.printed_lines(levels.tolist(), [])


def _amount(writer: Writer) -> Drawn:
    """The amount of a cheque, with signs that nobody can add a digit to, a frame and printed labels."""
    area, rng = writer.area, writer.rng
    phrase = str(rng.choice(BEFORE)) + str(rng.choice(AMOUNTS)) + str(rng.choice(AFTER))
    height = _fits(writer, len(phrase))
    top = area.top + rng.uniform(0.1, 0.9) * max(0.0, area.bottom - area.top - height)
    left = area.left + rng.uniform(0, 1) * max(0.0, area.right - area.left - 0.7 * height * len(phrase))
    marks = write_phrase(writer, phrase, left, top, height, 0)
    lines: list[Stroke] = []
    right = max(mark.right for mark in marks)
    pad = height * rng.uniform(0.0, 0.5)
    if rng.random() < 0.5:
        lines += rectangle(left - pad - 0.1 * height, top - pad, right + pad + 0.1 * height, top + height + pad, rng)
    if rng.random() < 0.4:
        lines.append(line((area.left, top + height * rng.uniform(0.9, 1.1)), (right + pad, top + height), rng))
    if rng.random() < 0.6:
        size = float(np.clip(0.35 * height, 11, 40))
        for level in (top - pad - 1.6 * size, top + height + pad + 0.6 * size):
            marks += writer.words(area.left, area.right, level, size)
    return marks, lines


def _sums(writer: Writer) -> Drawn:
    """Numbers in columns with an operator and a line under them, or a long division."""
    area, rng, height = writer.area, writer.rng, writer.height
    cell, pitch = height * rng.uniform(0.75, 1.1), height * rng.uniform(1.15, 1.6)
    most = max(1, int((area.right - area.left) // cell) - 2)
    count = min(int(rng.integers(1, 6)), most)
    across = int(np.clip((area.right - area.left) // ((count + 2.5) * cell), 1, rng.integers(1, 5)))
    levels = int(np.clip((area.bottom - area.top) // pitch - 1, 1, rng.integers(2, 7)))
    spare = max(0.0, area.bottom - area.top - (levels + 1) * pitch)
    top, marks = area.top + rng.uniform(0, 1) * spare, list[Mark]()
    block = (area.right - area.left) / across
    for index in range(across):
        spare = max(0.0, block - (count + 2) * cell)
        right = area.left + index * block + (count + 1.5) * cell + rng.uniform(0, 1) * spare
        if rng.random() < 0.3:
            marks += _division(writer, right, top, cell, pitch, min(levels, 4), count)
            continue
        for row in range(levels + 1):
            digits = int(rng.integers(1, count + 1)) if rng.random() < 0.5 else count
            level = top + row * pitch + (row == levels) * 0.15 * height
            marks += _column(writer, right, level, cell, digits, row)
            if row == levels - 1:
                sign = write_sign(writer, str(rng.choice(list("+-x*="))), height * rng.uniform(0.6, 1))
                marks += [sign.shifted(right - (count + 1.3) * cell, level)] if sign else []
                y = level + height + (pitch - height) * rng.uniform(0.3, 0.8)
                marks.append(draw_rule((right - (count + 1.2) * cell, y), (right + 0.2 * cell, y), writer))
    return marks, writer.printed_lines((top + pitch * np.arange(levels + 1)).tolist(), [])


def _division(
    writer: Writer, right: float, top: float, cell: float, pitch: float, levels: int, count: int
) -> list[Mark]:
    """A number before a bracket, one under its bar, the result above, and the steps with their lines below."""
    rng, height = writer.rng, writer.height
    gap = height * rng.uniform(0.05, 0.25)
    left, level = right - count * cell, top + pitch
    marks = _column(writer, right, top, cell, max(1, count - 1), 0) + _column(writer, right, level, cell, count, 1)
    marks += _column(writer, left - 0.5 * cell, level, cell, 1, 1)
    marks.append(draw_rule((left - 0.3 * cell, level - gap), (right + 0.3 * cell, level - gap), writer))
    down = np.linspace(level - gap, level + height, 12)
    bulge = rng.uniform(0, 0.2) * height * np.sin(np.linspace(0, np.pi, 12))
    marks.append(Mark([np.stack([left - 0.3 * cell + bulge, down], axis=1)], thickest=0.1 * height))
    for row in range(2, levels + 1):
        level = top + row * pitch
        marks += _column(writer, right - (levels - row) * 0.5 * cell, level, cell, max(1, count - 1), row)
        if row % 2 == 0:
            y = level + height + 0.4 * (pitch - height)
            marks.append(draw_rule((left, y), (right, y), writer))
    return marks


def _column(writer: Writer, right: float, level: float, cell: float, count: int, row: int) -> list[Mark]:
    """A number whose digits stand in cells, the last one ending at `right`."""
    rng, found = writer.rng, list[Mark]()
    for place in range(count, 0, -1):
        size = writer.height * rng.uniform(0.85, 1.1)
        mark = write_digit(writer, size, row)
        size_to_fit = min(1.0, 0.95 * cell / max(mark.right - mark.left, 1.0))
        mark = Mark([stroke * (size_to_fit, 1.0) for stroke in mark.strokes], mark.label, row, filled=mark.filled)
        middle = right - (place - 0.5) * cell + rng.normal(0, 0.05) * cell
        mark = mark.shifted(middle - (mark.left + mark.right) / 2, level + writer.height - size)
        if mark.left >= writer.area.left - 0.2 * cell:
            found.append(mark)
    return found


def _passage(writer: Writer) -> Drawn:
    """Prose in small letters with a few numbers in it, each among words or on a line of its own."""
    area, rng = writer.area, writer.rng
    prose = choose_prose(writer.typefaces.get(writer.conditions.words), rng)
    step = max(writer.height, prose.height) + max(0.4 * prose.height, prose.pitch - prose.height)
    rows = int(np.clip((area.bottom - area.top) // step, 1, min(writer.conditions.rows, 5)))
    spare = int(max(0.0, area.bottom - area.top - rows * (step + prose.pitch - prose.height)) // prose.pitch)
    above = np.sort(rng.integers(0, spare + 1, rows)).tolist()
    level, marks = area.top, list[Mark]()
    for row, lines in enumerate(np.diff([0, *above, spare]).tolist()):
        marks += prose.lines(area, level, lines)
        level += lines * prose.pitch
        if row == rows:
            break
        count = int(rng.integers(1, 5))
        height, foot = _fits(writer, count), level + step
        left = area.left + rng.uniform(0, 1) * max(0.0, area.right - area.left - 0.9 * height * count)
        run = write_phrase(writer, "0" * count, left, foot - height, height, row)
        if rng.random() < 0.7:
            right = max(mark.right for mark in run) + prose.gap + writer.conditions.pen * height
            marks += prose.words(area.left, left - prose.gap, foot - prose.height)
            marks += prose.words(right, area.right, foot - prose.height)
        marks += run
        level = foot + max(0.0, prose.pitch - prose.height)
    return marks, []


def _numbered(marks: Sequence[Mark]) -> list[Mark]:
    """In reading order, digits first, with rows from 0 and none without digits."""
    digits = [mark for mark in marks if mark.label is not None]
    names = {row: index for index, row in enumerate(sorted({mark.row for mark in digits}))}
    digits.sort(key=lambda mark: (mark.row, mark.left))
    others = [mark for mark in marks if mark.label is None]
    return [replace(mark, row=names[mark.row]) for mark in digits] + others


LAYOUTS: dict[str, Callable[[Writer], Drawn]] = {
    "lines": _lines,
    "passage": _passage,
    "amount": _amount,
    "sums": _sums,
    "squares": draw_squares,
    "form": draw_form,
    "framed": draw_framed,
}
