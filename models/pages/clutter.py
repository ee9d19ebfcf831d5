"""What people draw round their digits, and what is printed there: frames, brackets, arrows, circuits, dots, labels.

All of it is ink that no digit is, close to digits or in place of them, as photographs show it.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from mnist_edge.models.pages.letters import warp
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.typefaces import SIGNS, Typeface
from mnist_edge.strokes import Stroke, resample

Draw = Callable[[np.random.Generator], list[Stroke]]


def add_clutter(
    marks: Sequence[Mark],
    count: int,
    area: Area,
    height: float,
    faces: Sequence[Typeface],
    rng: np.random.Generator,
) -> list[Mark]:
    """Marks round the digits and, where there is room, away from them.

    Args:
        marks: What is written already.
        count: How many to add, at most.
        area: Where.
        height: Of a digit, pixels.
        faces: Typefaces for signs and printed labels; may be empty.
        rng: Decides the rest.
    """
    digits = [mark for mark in marks if mark.label is not None]
    taken = [_bounds([mark]) for mark in marks]
    added: list[Mark] = []
    for _ in range(count):
        if digits and rng.random() < 0.6:
            added += _around(digits, height, rng)
            continue
        mark = _apart(area, height, faces, rng)
        bounds = _bounds([mark])
        if not any(_meet(bounds, other, 0.25 * height) for other in taken):
            added.append(mark)
            taken.append(bounds)
    return added


def _around(digits: Sequence[Mark], height: float, rng: np.random.Generator) -> list[Mark]:
    """A frame, a line or brackets at some digits of one row."""
    row = digits[int(rng.integers(len(digits)))].row
    run = [mark for mark in digits if mark.row == row]
    first = int(rng.integers(len(run)))
    run = run[first : first + int(rng.integers(1, 5))]
    left, top, right, bottom = _bounds(run)
    pad = height * rng.uniform(0.08, 0.45)
    box = left - pad, top - pad, right + pad, bottom + pad
    kind = int(rng.integers(6))
    if kind == 0:
        strokes = ellipse(*box, rng)
    elif kind == 1:
        strokes = rectangle(*box, rng)
    elif kind == 2:
        # Below a digit's foot, as under a sum; now and then above, or through the gap beside it.
        y = bottom + height * rng.uniform(0.03, 0.3) if rng.random() < 0.75 else top - height * rng.uniform(0.03, 0.3)
        strokes = [line((left - pad, y), (right + pad, y + rng.normal(0, 0.04) * height), rng)]
    elif kind == 3:
        strokes = brackets(*box, height, rng)
    elif kind == 4:
        x = (right if rng.random() < 0.5 else left) + (pad + 0.1 * height) * (1 if rng.random() < 0.5 else 1.2)
        reach = height * rng.uniform(0.3, 1.5)
        x = right + pad + 0.05 * height if x > (left + right) / 2 else left - pad - 0.05 * height
        strokes = [line((x, top - reach), (x + rng.normal(0, 0.05) * height, bottom + reach), rng)]
    else:
        strokes = _arrow((right + pad, (top + bottom) / 2), height * rng.uniform(0.6, 2), rng)
    return [Mark(strokes, thickest=height * rng.uniform(0.03, 0.12))]


def _apart(area: Area, height: float, faces: Sequence[Typeface], rng: np.random.Generator) -> Mark:
    size = height * float(np.exp(rng.uniform(np.log(0.4), np.log(3))))
    corner = rng.uniform(
        (area.left, area.top), (max(area.left + 1, area.right - size), max(area.top + 1, area.bottom - size))
    )
    if faces and rng.random() < 0.25:
        face = faces[int(rng.integers(len(faces)))]
        glyph = face.glyphs.get(str(rng.choice(list(SIGNS))))
        if glyph and glyph.contours:
            return Mark([contour * size * 0.7 + corner for contour in warp(glyph.contours, rng, 0.03)], filled=True)
    draw = SHAPES[int(rng.integers(len(SHAPES)))]
    return Mark([stroke * size + corner for stroke in warp(draw(rng), rng, 0.02)], thickest=0.12 * height)


def _bounds(marks: Sequence[Mark]) -> tuple[float, float, float, float]:
    points = np.concatenate([stroke for mark in marks for stroke in mark.strokes])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _meet(one: tuple[float, ...], other: tuple[float, ...], gap: float) -> bool:
    across = one[0] < other[2] + gap and other[0] < one[2] + gap
    return across and one[1] < other[3] + gap and other[1] < one[3] + gap


def line(start: tuple[float, float], end: tuple[float, float], rng: np.random.Generator) -> Stroke:
    """A line as a hand draws it: a little bent; shape (12, 2)."""
    points = np.linspace(start, end, 12)
    normal = np.array([points[0, 1] - points[-1, 1], points[-1, 0] - points[0, 0]])
    bend = rng.normal(0, 0.015) * np.sin(np.linspace(0, np.pi, 12)) + rng.normal(0, 0.004, 12)
    return np.asarray(points + bend[:, None] * normal)


def ellipse(left: float, top: float, right: float, bottom: float, rng: np.random.Generator) -> list[Stroke]:
    """A ring round a box, which it just meets or leaves some room."""
    turns = np.linspace(0, 2 * np.pi * rng.uniform(0.93, 1.12), 48) + rng.uniform(0, 6.3)
    # An ellipse round a box passes its corners only where it is larger by the root of two.
    reach = np.array([right - left, bottom - top]) / 2 * rng.uniform(1.05, 1.42)
    swell = 1 + 0.05 * np.sin(turns * 0.5 + rng.uniform(0, 6))
    return [
        np.array([left + right, top + bottom]) / 2
        + np.stack([np.cos(turns), np.sin(turns)], 1) * reach * swell[:, None]
    ]


def rectangle(left: float, top: float, right: float, bottom: float, rng: np.random.Generator) -> list[Stroke]:
    """The four sides of a box by hand: top, right, bottom, left."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [line(a, b, rng) for a, b in pairwise(corners)]


def brackets(
    left: float, top: float, right: float, bottom: float, height: float, rng: np.random.Generator
) -> list[Stroke]:
    """Round, square or curly brackets, or bars, at both sides of a box or the left one."""
    depth = height * rng.uniform(0.08, 0.3)
    kind = int(rng.integers(4))
    y = np.linspace(0, 1, 17)
    bulge = (
        np.sin(np.pi * y),
        ((y > 0.06) & (y < 0.94)).astype(float),
        0.5 * ((y > 0.04) & (y < 0.96)) + 0.5 * np.exp(-(((y - 0.5) / 0.07) ** 2)),
        np.zeros_like(y) + 1,
    )[kind]
    sides = [(left, 1), (right, -1)][: 1 + (rng.random() < 0.8)]
    return [np.stack([x + sign * depth * (1 - bulge), top + y * (bottom - top)], axis=1) for x, sign in sides]


def _arrow(start: tuple[float, float], length: float, rng: np.random.Generator) -> list[Stroke]:
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.4 else rng.normal(0, 0.2)
    along = np.array([np.cos(angle), np.sin(angle)])
    tip = np.array(start) + length * along
    head = [tip - 0.3 * length * np.array([np.cos(angle + s), np.sin(angle + s)]) for s in (0.45, -0.45)]
    return [line(start, (float(tip[0]), float(tip[1])), rng), np.array([head[0], tip, head[1]])]


def _check(rng: np.random.Generator) -> list[Stroke]:
    return [resample(np.array([(0.0, 0.55), (0.3, 1.0), (rng.uniform(0.7, 1.1), 0.0)]), 0.05)]


def _cross(rng: np.random.Generator) -> list[Stroke]:
    return [line((0, 0), (0.9, 1), rng), line((0.9, 0), (0, 1), rng)]


def _star(rng: np.random.Generator) -> list[Stroke]:
    turns = np.arange(6) * 0.8 * np.pi - np.pi / 2 + rng.normal(0, 0.2)
    return [0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], axis=1)]


def _dots(rng: np.random.Generator) -> list[Stroke]:
    """A dotted or dashed line, level or upright: a fold, or leaders in a list."""
    count, dash = int(rng.integers(4, 30)), rng.uniform(0.02, 0.5)
    x = np.arange(count) * rng.uniform(0.25, 0.5)
    strokes = [np.array([(a, 0.9), (a + dash * 0.25, 0.9)]) for a in x]
    return strokes if rng.random() < 0.7 else [stroke[:, ::-1] for stroke in strokes]


def _resistor(rng: np.random.Generator) -> list[Stroke]:
    teeth = int(rng.integers(3, 7))
    x = np.concatenate([[0.0, 0.4], 0.4 + 0.12 * np.arange(1, 2 * teeth), [0.4 + 0.24 * teeth, 0.8 + 0.24 * teeth]])
    y = np.full(len(x), 0.5)
    y[2:-2] += 0.22 * np.where(np.arange(len(x) - 4) % 2, 1, -1)
    path = np.stack([x, y], axis=1)
    return [path if rng.random() < 0.6 else path[:, ::-1].copy()]


def _circuit(rng: np.random.Generator) -> list[Stroke]:
    """Wires at right angles with plates, coils and circles on them."""
    at, strokes = np.array([0.0, 0.0]), []
    for _ in range(int(rng.integers(3, 9))):
        step = np.array([1.0, 0.0]) if rng.random() < 0.5 else np.array([0.0, 1.0])
        step = step * rng.uniform(0.4, 1.5) * rng.choice([-1, 1])
        strokes.append(line(tuple(at), tuple(at + step), rng))
        at = at + step
        side = np.array([-step[1], step[0]]) / max(float(np.hypot(*step)), 1e-6)
        kind = rng.random()
        if kind < 0.3:
            strokes += [np.array([at - 0.3 * side, at + 0.3 * side]) + 0.12 * k * np.sign(step) for k in (0, 1)]
        elif kind < 0.5:
            strokes += ellipse(at[0] - 0.25, at[1] - 0.25, at[0] + 0.25, at[1] + 0.25, rng)
    return strokes


def _polygon(rng: np.random.Generator) -> list[Stroke]:
    """A triangle, house or other figure of straight lines."""
    turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 6))))
    corners = 0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    return [line(tuple(a), tuple(b), rng) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]


def _ring(rng: np.random.Generator) -> list[Stroke]:
    """A face, a wheel: rings with something in them."""
    inner = [(0.3, 0.35), (0.65, 0.35)] if rng.random() < 0.5 else []
    mouth = np.stack([np.linspace(0.3, 0.7, 9), 0.65 + 0.1 * np.sin(np.linspace(0, np.pi, 9))], axis=1)
    eyes = [np.array([point, (point[0] + 0.03, point[1] + 0.03)]) for point in inner]
    return ellipse(0, 0, 1, 1, rng) + eyes + ([mouth] if inner else ellipse(0.3, 0.3, 0.7, 0.7, rng))


def _hatching(rng: np.random.Generator) -> list[Stroke]:
    step, lean = rng.uniform(0.06, 0.2), rng.uniform(-0.5, 0.5)
    return [line((x, 1), (x + lean, 0), rng) for x in np.arange(0, rng.uniform(0.8, 2.5), step)]


def _steps(rng: np.random.Generator) -> list[Stroke]:
    """The axes of a diagram with a curve."""
    x = np.linspace(0, 1.6, 30)
    curve = 0.5 + 0.35 * np.sin(x * rng.uniform(1, 6) + rng.uniform(0, 6))
    return [line((0, 1), (1.7, 1), rng), line((0, 1), (0, 0), rng), np.stack([x, curve], axis=1)]


SHAPES: tuple[Draw, ...] = (
    _check, _cross, _star, _dots, _dots, _resistor, _resistor, _circuit, _circuit, _polygon, _ring, _hatching, _steps,
    lambda rng: _arrow((0, 0), 1, rng),
    lambda rng: [line((0, 0), (rng.uniform(0.5, 4), rng.normal(0, 0.1)), rng)],
    lambda rng: brackets(0, 0, 1, rng.uniform(0.8, 2), 1, rng),
)  # fmt: skip
