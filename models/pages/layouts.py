"""Digits in other places than rows: sums, dates and amounts, forms, puzzles, frames."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.models.pages.clutter import add_clutter, brackets, ellipse, line, rectangle
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.drawings import DRAWINGS
from mnist_edge.models.pages.letters import GLYPHS, warp, write
from mnist_edge.models.pages.marks import Area, Mark, clearance
from mnist_edge.models.pages.typefaces import Typeface
from mnist_edge.models.pages.writing import CLEARANCE_STEP, Writer
from mnist_edge.strokes import Stroke

Drawn = tuple[list[Mark], list[Stroke]]
# A 0 stands for any digit, and what follows a ^ is raised.
PHRASES = (
    "00/00/0000", "00/0/00", "00-00-0000", "0.00.00", "00.00.", "+00 00 000 00 00", "000-0000", "(000) 000-0000",
    "$0,000.00", "$ 00.00", "$0.00", "0,000.00", "0,0", "0.00", "00,00", "00:00", "0:00:00", "00%", "0.0%", "#000",
    "0^0+0^0=00", "x=00", "00x0=000", "0+0=0", "00-0=00", "0*0=00", "00/0=0", "(0,0)", "[0 0 0]", "{0,0,0}", "0/0",
    "x^0+0x-00=0", "f(0)=00", "i=0", "i,0,l,0", "00.000.000-0", "0!+0!", "00;00;00", "<00>", "0<0", "00 kg", "0 cm",
    "0 h 00", "00 m", "0) a", "no. 00", "0. 00", "-00", "+0.0", "0,0,0,0,0", "0 0 0 0", "0000 0000 0000 0000",
    "00 + 00", "= 00", "A0", "B00-0", "t0", "000'000.00", "0 & 0", "00?", "0...0", "i0i0", "|0|",
)  # fmt: skip
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
    if conditions.clutter:
        marks = marks + add_clutter(marks, conditions.clutter, area, height, list(writer.typefaces.values()), rng)
    return marks, lines


def _digit(writer: Writer, height: float, row: int) -> Mark:
    """A digit so high with its top left corner at about (0, 0)."""
    label, strokes = writer.pick()
    shaped = [stroke * height for stroke in warp(strokes, writer.rng, 0.015)]
    return Mark(shaped, label, row, filled=writer.conditions.digits in writer.typefaces)


def _sign(writer: Writer, sign: str, height: float) -> Mark | None:
    """A sign or letter in the words' typeface or in strokes; None where neither has it."""
    rng, face = writer.rng, writer.typefaces.get(writer.conditions.words)
    glyph = face.glyphs.get(sign) if face else None
    if glyph and glyph.contours and (sign not in GLYPHS or rng.random() < 0.5):
        return Mark([contour * height for contour in warp(glyph.contours, rng, 0.02)], filled=True)
    if sign == "|":
        return Mark([line((0, -0.1 * height), (0, 1.1 * height), rng)])
    if sign not in GLYPHS:
        return None
    return Mark([stroke * height for stroke in warp(write(sign), rng, 0.03)])


def _phrase(writer: Writer, phrase: str, left: float, level: float, height: float, row: int) -> list[Mark]:
    """A phrase as in `PHRASES` from `left`, with its foot at `level` + `height`; it stops at the border."""
    conditions, rng = writer.conditions, writer.rng
    marks: list[Mark] = []
    space, raised = False, False
    close = rng.uniform(0.2, 1.2)
    for sign in phrase:
        if sign in " ^":
            space, raised = space or sign == " ", sign == "^"
            continue
        size = height * rng.uniform(0.88, 1.12) * float(np.exp(-conditions.uneven * rng.uniform(0, 1)))
        size *= rng.uniform(0.4, 0.65) if raised else 1.0
        mark = _digit(writer, size, row) if sign == "0" else _sign(writer, sign, size)
        if mark is None:
            continue
        mark = mark.shifted(0, level + height - size - raised * height * rng.uniform(0.35, 0.65))
        if marks:
            pen = conditions.pen * height
            gap = pen + 1 + height * conditions.spread * close * rng.uniform(0.5, 1.3) + space * 0.5 * height
            mark = mark.shifted(gap - clearance(marks[-1], mark, CLEARANCE_STEP * height))
        else:
            mark = mark.shifted(left - mark.left)
        if mark.right > writer.area.right and marks:
            break
        marks.append(mark)
        space, raised = False, raised and rng.random() < 0.2
    return marks


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
        marks += _phrase(writer, phrase, left, level + writer.height - height, height, row)
    return _numbered(marks), writer.printed_lines(levels.tolist(), [])


def _amount(writer: Writer) -> Drawn:
    """The amount of a cheque, with signs that nobody can add a digit to, a frame and printed labels."""
    area, rng = writer.area, writer.rng
    phrase = str(rng.choice(BEFORE)) + str(rng.choice(AMOUNTS)) + str(rng.choice(AFTER))
    height = _fits(writer, len(phrase))
    top = area.top + rng.uniform(0.1, 0.9) * max(0.0, area.bottom - area.top - height)
    left = area.left + rng.uniform(0, 1) * max(0.0, area.right - area.left - 0.7 * height * len(phrase))
    marks = _phrase(writer, phrase, left, top, height, 0)
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
    return _numbered(marks), lines


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
                sign = _sign(writer, str(rng.choice(list("+-x*="))), height * rng.uniform(0.6, 1))
                marks += [sign.shifted(right - (count + 1.3) * cell, level)] if sign else []
                y = level + height + (pitch - height) * rng.uniform(0.3, 0.8)
                marks.append(_rule((right - (count + 1.2) * cell, y), (right + 0.2 * cell, y), writer))
    return _numbered(marks), writer.printed_lines((top + pitch * np.arange(levels + 1)).tolist(), [])


def _division(
    writer: Writer, right: float, top: float, cell: float, pitch: float, levels: int, count: int
) -> list[Mark]:
    """A number before a bracket, one under its bar, the result above, and the steps with their lines below."""
    rng, height = writer.rng, writer.height
    gap = height * rng.uniform(0.05, 0.25)
    left, level = right - count * cell, top + pitch
    marks = _column(writer, right, top, cell, max(1, count - 1), 0) + _column(writer, right, level, cell, count, 1)
    marks += _column(writer, left - 0.5 * cell, level, cell, 1, 1)
    marks.append(_rule((left - 0.3 * cell, level - gap), (right + 0.3 * cell, level - gap), writer))
    down = np.linspace(level - gap, level + height, 12)
    bulge = rng.uniform(0, 0.2) * height * np.sin(np.linspace(0, np.pi, 12))
    marks.append(Mark([np.stack([left - 0.3 * cell + bulge, down], axis=1)], thickest=0.1 * height))
    for row in range(2, levels + 1):
        level = top + row * pitch
        marks += _column(writer, right - (levels - row) * 0.5 * cell, level, cell, max(1, count - 1), row)
        if row % 2 == 0:
            y = level + height + 0.4 * (pitch - height)
            marks.append(_rule((left, y), (right, y), writer))
    return marks


def _column(writer: Writer, right: float, level: float, cell: float, count: int, row: int) -> list[Mark]:
    """A number whose digits stand in cells, the last one ending at `right`."""
    rng, found = writer.rng, list[Mark]()
    for place in range(count, 0, -1):
        size = writer.height * rng.uniform(0.85, 1.1)
        mark = _digit(writer, size, row)
        size_to_fit = min(1.0, 0.95 * cell / max(mark.right - mark.left, 1.0))
        mark = Mark([stroke * (size_to_fit, 1.0) for stroke in mark.strokes], mark.label, row, filled=mark.filled)
        middle = right - (place - 0.5) * cell + rng.normal(0, 0.05) * cell
        mark = mark.shifted(middle - (mark.left + mark.right) / 2, level + writer.height - size)
        if mark.left >= writer.area.left - 0.2 * cell:
            found.append(mark)
    return found


def _rule(start: tuple[float, float], end: tuple[float, float], writer: Writer) -> Mark:
    return Mark([line(start, end, writer.rng)], thickest=writer.height * writer.rng.uniform(0.03, 0.12))


def _squares(writer: Writer) -> Drawn:
    """A puzzle such as sudoku, one digit a cell and some cells empty; thicker lines are drawn twice."""
    area, rng = writer.area, writer.rng
    side = min(area.right - area.left, area.bottom - area.top)
    most = int(max(3, side // (1.25 * writer.conditions.least)))
    count = min(int(rng.choice([9, 9, 9, 6, 5, 4, 3])), most)
    cell = min(side / count, max(writer.height * rng.uniform(1.15, 2.2), 1.25 * writer.conditions.least))
    left = area.left + rng.uniform(0, 1) * (area.right - area.left - count * cell)
    top = area.top + rng.uniform(0, 1) * (area.bottom - area.top - count * cell)
    marks, share = list[Mark](), rng.uniform(0.25, 0.95)
    size = max(cell * rng.uniform(0.5, 0.95), min(cell, float(writer.conditions.least)))
    for row in range(count):
        for column in range(count):
            corner = left + column * cell, top + row * cell
            if rng.random() < share:
                marks.append(_in_cell(writer, corner, cell, size * rng.uniform(0.88, 1.06), row))
            elif rng.random() < 0.15:
                marks += writer.words(corner[0] - cell, corner[0] + cell, corner[1] + 0.2 * cell, 0.6 * cell)[:1]
    edges = np.arange(count + 1) * cell
    lines = [np.linspace((left, top + y), (left + count * cell, top + y), 25) for y in edges]
    lines += [np.linspace((left + x, top), (left + x, top + count * cell), 25) for x in edges]
    if count == 9:
        lines += [one + 1.5 for one in lines[::3]]
    if rng.random() < 0.25:
        return _numbered(marks + [Mark([one], thickest=0.05 * cell) for one in lines]), []
    return _numbered(marks), lines


def _in_cell(writer: Writer, corner: tuple[float, float], cell: float, size: float, row: int) -> Mark:
    """A digit about the middle of a cell, now and then so far off that it meets the lines."""
    mark = _digit(writer, size, row)
    off = writer.rng.normal(0, 0.09, 2) * cell
    middle = (mark.left + mark.right) / 2
    return mark.shifted(corner[0] + cell / 2 - middle + off[0], corner[1] + (cell - size) / 2 + off[1])


def _form(writer: Writer) -> Drawn:
    """Lines of a form: a label, then boxes for one digit each, closed, open at the top or dotted."""
    area, rng = writer.area, writer.rng
    cell = writer.height * rng.uniform(1.0, 1.7)
    pitch = cell * rng.uniform(1.3, 2.2)
    rows = int(np.clip((area.bottom - area.top - cell) // pitch + 1, 1, writer.conditions.rows))
    top = area.top + rng.uniform(0, 1) * max(0.0, area.bottom - area.top - pitch * (rows - 1) - cell)
    label = min(rng.uniform(0, 8) * cell, 0.4 * (area.right - area.left))
    kind, apart = int(rng.integers(3)), rng.uniform(0, 0.3) * cell * (rng.random() < 0.4)
    marks, lines = list[Mark](), list[Stroke]()
    for row in range(rows):
        level, left = top + row * pitch, area.left + label
        count = int(np.clip((area.right - left) // (cell + apart), 1, rng.integers(2, 14)))
        filled = int(rng.integers(1, count + 1)) if rng.random() < 0.6 else count
        for index in range(count):
            x = left + index * (cell + apart)
            sides = rectangle(x, level, x + cell, level + cell, rng)
            lines += sides if kind == 0 else [sides[2], *([_tick(x, level, cell), _tick(x + cell, level, cell)])]
            if index < filled:
                marks.append(_in_cell(writer, (x, level), cell, writer.height * rng.uniform(0.8, 1.05), row))
        if label > 2 * cell:
            size = float(np.clip(0.45 * cell, 12, 40))
            word = writer.words(area.left, left, level + cell - size, size)
            marks += [mark for mark in word if mark.right < left]
    if kind == 2:
        lines = [one[k : k + 2] for one in lines for k in range(0, len(one) - 1, 2)]
    return _numbered(marks), lines


def _tick(x: float, level: float, cell: float) -> Stroke:
    """The side of a box of which the upper part is missing."""
    return np.linspace((x, level + 0.6 * cell), (x, level + cell), 4)


def _framed(writer: Writer) -> Drawn:
    """Numbers of one to three digits, each in a circle, box, triangle or brackets of its own."""
    area, rng, height = writer.area, writer.rng, writer.height
    digits = int(rng.integers(1, 4))
    wide, high = height * (0.75 * digits + rng.uniform(0.9, 1.6)), height * rng.uniform(1.7, 2.6)
    rows = int(np.clip((area.bottom - area.top) // high, 1, writer.conditions.rows))
    columns = int(np.clip((area.right - area.left) // wide, 1, writer.conditions.columns))
    left = area.left + rng.uniform(0, 1) * max(0.0, area.right - area.left - columns * wide)
    top = area.top + rng.uniform(0, 1) * max(0.0, area.bottom - area.top - rows * high)
    kind, pad = int(rng.integers(5)), height * rng.uniform(0.05, 0.3)
    marks, frames = list[Mark](), list[Mark]()
    for row in range(rows):
        before: Mark | None = None
        for column in range(columns):
            x, y = left + column * wide + 0.4 * height, top + row * high + 0.3 * high
            run = _phrase(writer, "0" * int(rng.integers(1, digits + 1)), x, y, height, row)
            box = run[0].left - pad, y - pad, max(mark.right for mark in run) + pad, y + height + pad
            frames.append(Mark(_frame(kind, box, height, rng), thickest=height * rng.uniform(0.03, 0.14)))
            if before and rng.random() < 0.3:
                frames.append(_rule((before.right + 2 * pad, y + height / 2), (box[0], y + height / 2), writer))
            marks += run
            before = run[-1]
    return _numbered(marks + frames), []


def _frame(kind: int, box: tuple[float, float, float, float], height: float, rng: np.random.Generator) -> list[Stroke]:
    left, top, right, bottom = box
    if kind < 2:
        return ellipse(*box, rng)
    if kind == 2:
        return rectangle(*box, rng)
    if kind == 3:
        return brackets(*box, height, rng)
    wide, tall = 0.45 * (right - left), 0.9 * (bottom - top)
    corners = [(left - wide, bottom), (right + wide, bottom), ((left + right) / 2, top - tall), (left - wide, bottom)]
    return [line(a, b, rng) for a, b in pairwise(corners)]


def _numbered(marks: Sequence[Mark]) -> list[Mark]:
    """In reading order, digits first, with rows from 0 and none without digits."""
    digits = [mark for mark in marks if mark.label is not None]
    names = {row: index for index, row in enumerate(sorted({mark.row for mark in digits}))}
    digits.sort(key=lambda mark: (mark.row, mark.left))
    others = [mark for mark in marks if mark.label is None]
    return [Mark(m.strokes, m.label, names[m.row], m.space, m.thickest, m.filled) for m in digits] + others


LAYOUTS: dict[str, Callable[[Writer], Drawn]] = {
    "lines": _lines,
    "amount": _amount,
    "sums": _sums,
    "squares": _squares,
    "form": _form,
    "framed": _framed,
}
