"""Circuit diagrams without a digit: wires between the points of a lattice, with what is soldered to them."""

from collections.abc import Callable, Mapping

import numpy as np

from mnist_edge.models.pages.clutter import ellipse, line, rectangle
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.letters import warp
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.prose import set_text
from mnist_edge.models.pages.typefaces import Typeface
from mnist_edge.strokes import Stroke

LABELS = ("R", "C", "L", "Vcc", "Vdd", "GND", "Vin", "Vout", "in", "out", "CLK", "RST", "Ra", "Rb", "C", "R", "+", "-")
# Shares of lattice points that are joined to the next one, and of those links that are a part and not a wire.
LINKED, SOLDERED = 0.75, 0.6

Part = Callable[[np.random.Generator], list[Stroke]]


def _wire(start: float, end: float) -> Stroke:
    return np.array([(start, 0.0), (end, 0.0)])


def _resistor(rng: np.random.Generator) -> list[Stroke]:
    teeth, high = int(rng.integers(5, 11)), rng.uniform(0.06, 0.13)
    x = np.linspace(0.28, 0.72, teeth)
    y = high * np.where(np.arange(teeth) % 2, 1, -1)
    return [np.stack([np.r_[0, 0.25, x, 0.75, 1], np.r_[0, 0, y, 0, 0]], axis=1)]


def _box(rng: np.random.Generator) -> list[Stroke]:
    high = rng.uniform(0.07, 0.14)
    return [_wire(0, 0.3), *rectangle(0.3, -high, 0.7, high, rng), _wire(0.7, 1)]


def _coil(rng: np.random.Generator) -> list[Stroke]:
    turns = np.linspace(0, np.pi * int(rng.integers(3, 6)), 60)
    high = rng.uniform(0.07, 0.14)
    if rng.random() < 0.5:
        y = -high * np.abs(np.sin(turns))
        return [np.stack([np.r_[0, np.linspace(0.25, 0.75, 60), 1], np.r_[0, y, 0]], axis=1)]
    # Drawn as a spring: the loops turn back.
    x = np.linspace(0.28, 0.72, 60) - 0.06 * np.sin(2 * turns)
    return [np.stack([np.r_[0, x, 1], np.r_[0, -high * (1 - np.cos(2 * turns)) / 2, 0]], axis=1)]


def _plates(rng: np.random.Generator) -> list[Stroke]:
    """A capacitor, or cells of a battery with long and short plates."""
    count, gap = (2, rng.uniform(0.06, 0.14)) if rng.random() < 0.6 else (int(rng.choice([2, 4])), 0.07)
    high, short = rng.uniform(0.12, 0.25), 1.0 if count == 2 and rng.random() < 0.6 else 0.5
    places = 0.5 + gap * (np.arange(count) - (count - 1) / 2)
    plates = [np.array([(x, -high * s), (x, high * s)]) for x, s in zip(places, [1.0, short] * count, strict=False)]
    return [_wire(0, float(places[0])), *plates, _wire(float(places[-1]), 1)]


def _diode(rng: np.random.Generator) -> list[Stroke]:
    high = rng.uniform(0.1, 0.18)
    triangle = np.array([(0.38, -high), (0.38, high), (0.62, 0), (0.38, -high)])
    rays = [np.array([(0.5 + d, -0.2), (0.6 + d, -0.35)]) for d in (0, 0.1)] if rng.random() < 0.3 else []
    return [_wire(0, 0.38), triangle, np.array([(0.62, -high), (0.62, high)]), _wire(0.62, 1), *rays]


def _round(rng: np.random.Generator) -> list[Stroke]:
    """A source, a lamp or a meter: a ring with a cross, a wave or signs in it."""
    inside = (
        [np.array([(0.4, -0.1), (0.6, 0.1)]), np.array([(0.4, 0.1), (0.6, -0.1)])],
        [np.stack([np.linspace(0.38, 0.62, 20), 0.07 * np.sin(np.linspace(0, 6.3, 20))], axis=1)],
        [np.array([(0.38, 0), (0.48, 0)]), np.array([(0.43, -0.05), (0.43, 0.05)]), np.array([(0.54, 0), (0.62, 0)])],
        [],
    )[int(rng.integers(4))]
    return [_wire(0, 0.3), *ellipse(0.37, -0.13, 0.63, 0.13, rng), *inside, _wire(0.7, 1)]


def _switch(rng: np.random.Generator) -> list[Stroke]:
    return [_wire(0, 0.35), np.array([(0.35, 0), (0.66, -rng.uniform(0.08, 0.25))]), _wire(0.66, 1)]


def _transistor(rng: np.random.Generator) -> list[Stroke]:
    bar = np.array([(0.45, -0.17), (0.45, 0.17)])
    legs = [np.array([(0.45, 0.07 * s), (0.62, 0.2 * s), (1.0, 0.2 * s if s > 0 else 0.0)]) for s in (-1, 1)]
    ring = ellipse(0.36, -0.17, 0.68, 0.17, rng) if rng.random() < 0.6 else []
    return [_wire(0, 0.45), bar, *legs, np.array([(0.53, 0.17), (0.6, 0.19), (0.58, 0.12)]), *ring]


def _amplifier(rng: np.random.Generator) -> list[Stroke]:
    """A triangle or a gate, with two wires at its back."""
    wires = [np.array([(0, 0), (0.1, 0), (0.1, 0.1 * s), (0.25, 0.1 * s)]) for s in (-1, 1)]
    bow = np.linspace(-np.pi / 2, np.pi / 2, 20)
    gate = np.r_[[(0.25, -0.22)], np.stack([0.5 + 0.22 * np.cos(bow), 0.22 * np.sin(bow)], axis=1), [(0.25, 0.22)]]
    triangle = np.array([(0.25, -0.25), (0.75, 0), (0.25, 0.25)])
    body = triangle if rng.random() < 0.5 else gate
    return [*wires, np.concatenate([body, body[:1]]), _wire(0.73, 1)]


PARTS: tuple[Part, ...] = (
    _resistor, _resistor, _resistor, _box, _coil, _coil, _plates, _plates, _plates, _diode, _round, _round, _switch,
    _transistor, _amplifier,
)  # fmt: skip


def draw_circuit(
    conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Mapping[str, Typeface]
) -> tuple[list[Mark], list[Stroke]]:
    """A circuit diagram that fills the page; arguments and result as for the other drawings."""
    face, pen = faces.get(conditions.words), height * rng.uniform(0.04, 0.14)
    sides = area.right - area.left, area.bottom - area.top
    cell = float(np.clip(height * rng.uniform(1.2, 3.5), 32, 0.45 * min(sides)))
    across, down = (max(1, int(side // cell)) for side in sides)
    start = np.array((area.left, area.top)) + rng.uniform(0, 0.5, 2) * cell
    marks: list[Mark] = []
    letters = cell * rng.uniform(0.14, 0.26)
    for row in range(down):
        for column in range(across):
            corner = start + cell * np.array((column, row))
            for turned in (False, True):
                if rng.random() > LINKED or (row == down - 1 if turned else column == across - 1):
                    continue
                marks += _link(corner, cell, turned, pen, rng)
                if rng.random() < 0.4:
                    at = corner + cell * np.array((0.16, 0.3) if turned else (0.3, 0.16))
                    label = set_text(str(rng.choice(LABELS)), face, letters, rng)
                    marks += [mark.shifted(float(at[0]), float(at[1])) for mark in label]
            if rng.random() < 0.12:
                marks.append(_end(corner, cell, pen, rng))
    return marks, []


def _link(corner: Stroke, cell: float, turned: bool, pen: float, rng: np.random.Generator) -> list[Mark]:
    if rng.random() < SOLDERED:
        part = PARTS[int(rng.integers(len(PARTS)))](rng)
        strokes = warp(part, rng, 0.012)
    else:
        strokes = [line((0, 0), (1, 0), rng)]
    if rng.random() < 0.5:
        strokes = [stroke * (1, -1) for stroke in strokes]
    strokes = [stroke[:, ::-1] if turned else stroke for stroke in strokes]
    return [Mark([stroke * cell + corner for stroke in strokes], thickest=pen)]


def _end(corner: Stroke, cell: float, pen: float, rng: np.random.Generator) -> Mark:
    """Earth, or a dot where wires meet."""
    if rng.random() < 0.4:
        turns = np.linspace(0, 2 * np.pi, 12)
        return Mark([corner + 0.04 * cell * np.stack([np.cos(turns), np.sin(turns)], axis=1)], filled=True)
    bars = [np.array([(-w, y), (w, y)]) for w, y in ((0.16, 0.2), (0.1, 0.26), (0.04, 0.32))]
    return Mark([stroke * cell + corner for stroke in (np.array([(0, 0), (0, 0.2)]), *bars)], thickest=pen)
