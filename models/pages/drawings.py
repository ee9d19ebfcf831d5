"""Pages without a digit that fill the picture: dense words, single letters, signatures, music, keys, circuits.

All of it is ink of a digit's size and stroke, which a finder of digits must leave alone.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from mnist_edge.models.pages.circuits import draw_circuit
from mnist_edge.models.pages.clutter import SHAPES, ellipse, line, rectangle
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.letters import ALONE, GLYPHS, WORDS, invent_word, scribble, warp
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.prose import draw_manuscript, set_text
from mnist_edge.models.pages.typefaces import LETTERS, SIGNS, Typeface
from mnist_edge.strokes import Stroke

Faces = Mapping[str, Typeface]
Drawn = tuple[list[Mark], list[Stroke]]
Draw = Callable[[Conditions, Area, float, np.random.Generator, Faces], Drawn]
LEAST_LETTER = 9.0  # height of a capital, pixels: less is a grey line
MOST_LETTERS = 1200
# Letters that stand alone and could not be taken for a digit.
UNLIKE = "".join(letter for letter in LETTERS if letter not in "bgiloqszBDGIOQSZ")


def _cased(word: str, case: int) -> str:
    return (word, word.capitalize(), word.upper())[case]


def _prose(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Lines of words over the whole page, in one or two columns."""
    face = faces.get(conditions.words)
    size = float(np.clip(height * rng.uniform(0.5, 1), LEAST_LETTER, 0.2 * (area.bottom - area.top)))
    pitch, gap = size * rng.uniform(1.35, 2.3), size * rng.uniform(0.35, 0.8)
    columns = 2 if size < 16 and rng.random() < 0.3 else 1
    case = int(rng.choice([0, 0, 0, 1, 2]))
    wide = (area.right - area.left) / columns
    marks: list[Mark] = []
    for column in range(columns):
        for level in np.arange(area.top, area.bottom - size, pitch).tolist():
            x = area.left + column * wide
            end = x + wide * (1 - 0.5 * rng.uniform() ** 4) - 2 * gap * (columns > 1)
            while x < end and len(marks) < MOST_LETTERS:
                word = str(rng.choice(WORDS)) if rng.random() < 0.7 else invent_word(rng)
                word += str(rng.choice([",", ".", ":", "?", "-"])) if rng.random() < 0.12 else ""
                placed = [mark.shifted(x, level) for mark in set_text(_cased(word, case), face, size, rng)]
                x = max((mark.right for mark in placed), default=end) + gap
                marks += placed if x - gap < end else []
    return marks, []


def _shout(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """One word or a few, as large as fits: a title, a poster, a name."""
    face, width = faces.get(conditions.words), area.right - area.left
    rows = int(rng.integers(1, 4))
    marks: list[Mark] = []
    case = int(rng.choice([0, 1, 1, 2]))
    for row in range(rows):
        words = "hello world" if rng.random() < 0.1 else str(rng.choice(WORDS)) + (
            " " + str(rng.choice(WORDS)) if rng.random() < 0.4 else "")  # fmt: skip
        line_of = set_text(_cased(words, case), face, 1.0, rng)
        if not line_of:
            continue
        reach = max(mark.right for mark in line_of)
        size = min(width / reach, 0.8 * (area.bottom - area.top) / rows) * rng.uniform(0.4, 1)
        x = area.left + rng.uniform(0, 1) * max(0.0, width - reach * size)
        y = area.top + (row + rng.uniform(0, 0.4)) * (area.bottom - area.top) / rows
        marks += [Mark([s * size for s in m.strokes], filled=m.filled).shifted(x, y) for m in line_of]
    return marks, []


def _letters(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Single letters or signs in rows, well apart: an alphabet, a puzzle of words, a table of crosses."""
    face = faces.get(conditions.words)
    known = (UNLIKE + SIGNS, UNLIKE, SIGNS)[int(rng.integers(3))] if face else ALONE
    wide, high = height * rng.uniform(0.9, 2.2), height * rng.uniform(1.3, 2.2)
    boxed, marks, lines = rng.random() < 0.25, list[Mark](), list[Stroke]()
    for y in np.arange(area.top, area.bottom - height, high).tolist():
        for x in np.arange(area.left, area.right - wide, wide).tolist():
            if boxed:
                lines += rectangle(x, y, x + wide, y + high, rng)
            if rng.random() < 0.85 and len(marks) < MOST_LETTERS // 2:
                marks += [m.shifted(x, y) for m in set_text(str(rng.choice(list(known))), face, 0.8 * height, rng)]
    return marks, lines


def _signature(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Loops that run along a line, with a flourish under them, a few on a page."""
    marks, lines = list[Mark](), list[Stroke]()
    for _ in range(int(rng.integers(1, 5))):
        size = float(np.clip(height * rng.uniform(0.6, 2), 20, 0.4 * (area.bottom - area.top)))
        turn = np.cumsum(np.abs(rng.normal(0.35, 0.15, int(rng.integers(40, 160)))))
        swell = 0.25 + 0.75 * np.abs(np.interp(turn, np.linspace(0, turn[-1], 12), rng.uniform(0, 1, 12)))
        run = rng.uniform(0.02, 0.07) * np.arange(len(turn))
        path = np.stack([run + 0.35 * swell * np.cos(turn), 0.5 + 0.5 * swell * np.sin(turn)], axis=1)
        strokes = [path]
        if rng.random() < 0.5:
            strokes.append(line((-0.2, 1.1), (float(run[-1]) + rng.uniform(0, 1), rng.uniform(0.8, 1.3)), rng))
        corner = rng.uniform((area.left, area.top), (area.left + 0.5 * (area.right - area.left), area.bottom - size))
        marks.append(Mark([stroke * size + corner for stroke in warp(strokes, rng, 0.03)], thickest=0.12 * size))
        if rng.random() < 0.4:
            lines.append(np.linspace((corner[0], corner[1] + size), (corner[0] + 4 * size, corner[1] + size), 25))
    return marks, lines


def _music(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Staves of five lines with notes, stems, beams and bars."""
    gap = float(np.clip(height * rng.uniform(0.2, 0.5), 6, 40))
    marks, lines = list[Mark](), list[Stroke]()
    for top in np.arange(area.top + gap, area.bottom - 5 * gap, gap * rng.uniform(8, 12)).tolist():
        lines += [np.linspace((area.left, top + k * gap), (area.right, top + k * gap), 25) for k in range(5)]
        x = area.left + 2 * gap
        while x < area.right - 2 * gap:
            y = top + gap * float(rng.integers(-1, 10)) / 2
            turns = np.linspace(0, 2 * np.pi, 16)
            head = np.stack([x + 0.62 * gap * np.cos(turns), y + 0.45 * gap * np.sin(turns + 0.4)], axis=1)
            marks.append(Mark([head], filled=rng.random() < 0.7, thickest=0.2 * gap))
            up = -1 if y > top + 2 * gap else 1
            stem = [line((x - 0.6 * gap * up, y), (x - 0.6 * gap * up, y + 3.5 * gap * up), rng)]
            if rng.random() < 0.4:
                stem.append(stem[0][-1] + gap * np.array([(0, 0), (0.8, -0.9 * up), (0.5, -1.6 * up)]))
            marks.append(Mark(stem, thickest=0.2 * gap))
            if rng.random() < 0.15:
                lines.append(np.linspace((x + 1.5 * gap, top), (x + 1.5 * gap, top + 4 * gap), 5))
            x += gap * rng.uniform(2, 5)
    return marks, lines


def _keys(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Caps in rows that are set off against each other, with a letter or sign in a corner or the middle."""
    face = faces.get(conditions.words)
    side = max(height * rng.uniform(1.4, 2.6), 22.0)
    corner, size = rng.uniform(0.08, 0.3, 2), side * rng.uniform(0.3, 0.5)
    known = UNLIKE[len(UNLIKE) // 3 :] + (SIGNS if face else "+-=:.*()")
    marks, lines, bevel = list[Mark](), list[Stroke](), rng.random() < 0.5
    for row, y in enumerate(np.arange(area.top - 0.5 * side, area.bottom, side).tolist()):
        for x in np.arange(area.left - side + (row % 3) * 0.3 * side, area.right, side).tolist():
            inset = 0.05 * side
            lines += [_round_box(x + inset, y + inset, 0.9 * side)]
            lines += [_round_box(x + 0.14 * side, y + 0.1 * side, 0.72 * side)] if bevel else []
            letter = str(rng.choice(list(known)))
            if face or letter in GLYPHS:
                at = x + side * corner[0] + 0.1 * side, y + side * corner[1] + 0.1 * side
                marks += [mark.shifted(*at) for mark in set_text(letter, face, size, rng)]
    return marks, lines


def _round_box(x: float, y: float, side: float) -> Stroke:
    """A square with round corners."""
    turns = np.linspace(0, 2 * np.pi, 29)
    shape = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    power = np.sign(shape) * np.abs(shape) ** 0.35
    return np.asarray(np.array((x, y)) + side * (0.5 + 0.5 * power))


def _diagram(conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Faces) -> Drawn:
    """Boxes and circles with words, joined by lines; circuits, axes and figures among them."""
    face, marks, middles = faces.get(conditions.words), list[Mark](), list[tuple[float, float]]()
    cell = max(2.5 * height, 0.16 * (area.right - area.left))
    pen = height * rng.uniform(0.03, 0.12)
    for y in np.arange(area.top, area.bottom - 0.6 * cell, cell).tolist():
        for x in np.arange(area.left, area.right - 0.8 * cell, 1.2 * cell).tolist():
            kind, corner = rng.random(), np.array((x, y)) + rng.uniform(0, 0.2, 2) * cell
            if kind < 0.3:
                draw = ellipse if rng.random() < 0.4 else rectangle
                box = draw(corner[0], corner[1], corner[0] + 0.8 * cell, corner[1] + 0.5 * cell, rng)
                marks.append(Mark(box, thickest=pen))
                label = set_text(str(rng.choice(WORDS)), face, 0.2 * cell, rng)
                marks += [mark.shifted(corner[0] + 0.12 * cell, corner[1] + 0.15 * cell) for mark in label]
                middles.append((float(corner[0]) + 0.4 * cell, float(corner[1]) + 0.5 * cell))
            elif kind < 0.75:
                shape = SHAPES[int(rng.integers(len(SHAPES)))](rng)
                reach = max(1.0, float(np.ptp(np.concatenate(shape), axis=0).max()))
                size = 0.75 * cell / reach
                marks.append(Mark([s * size + corner for s in warp(shape, rng, 0.02)], thickest=pen))
            elif kind < 0.82:
                marks.append(Mark([s * 0.5 * cell + corner for s in scribble(rng)], thickest=pen))
    links = pairwise(middles)
    return marks + [Mark([line(one, other, rng)], thickest=pen) for one, other in links], []


DRAWINGS: dict[str, Draw] = {
    "manuscript": draw_manuscript,
    "prose": _prose,
    "shout": _shout,
    "letters": _letters,
    "signature": _signature,
    "music": _music,
    "keys": _keys,
    "diagram": _diagram,
    "circuit": draw_circuit,
}
