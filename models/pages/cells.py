"""Digits in cells: puzzles of squares, boxes of forms, circles and other frames."""

from itertools import pairwise

import numpy as np

from mnist_edge.models.pages.clutter import brackets, ellipse, line, rectangle
from mnist_edge.models.pages.marks import Mark
from mnist_edge.models.pages.phrases import draw_rule, write_digit, write_phrase
from mnist_edge.models.pages.writing import Writer
from mnist_edge.strokes import Stroke

Drawn = tuple[list[Mark], list[Stroke]]


def draw_squares(writer: Writer) -> Drawn:
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
        return marks + [Mark([one], thickest=0.05 * cell) for one in lines], []
    return marks, lines


def _in_cell(writer: Writer, corner: tuple[float, float], cell: float, size: float, row: int) -> Mark:
    """A digit about the middle of a cell, now and then so far off that it meets the lines."""
    mark = write_digit(writer, size, row)
    off = writer.rng.normal(0, 0.09, 2) * cell
    middle = (mark.left + mark.right) / 2
    return mark.shifted(corner[0] + cell / 2 - middle + off[0], corner[1] + (cell - size) / 2 + off[1])


def draw_form(writer: Writer) -> Drawn:
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
    return marks, lines


def _tick(x: float, level: float, cell: float) -> Stroke:
    """The side of a box of which the upper part is missing."""
    return np.linspace((x, level + 0.6 * cell), (x, level + cell), 4)


def draw_framed(writer: Writer) -> Drawn:
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
            run = write_phrase(writer, "0" * int(rng.integers(1, digits + 1)), x, y, height, row)
            box = run[0].left - pad, y - pad, max(mark.right for mark in run) + pad, y + height + pad
            frames.append(Mark(_frame(kind, box, height, rng), thickest=height * rng.uniform(0.03, 0.14)))
            if before and rng.random() < 0.3:
                frames.append(draw_rule((before.right + 2 * pad, y + height / 2), (box[0], y + height / 2), writer))
            marks += run
            before = run[-1]
    return marks + frames, []


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
