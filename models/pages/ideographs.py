"""Invented ideographs and flowing syllables in strokes of a pen, for lines of East Asian handwriting.

No typeface is needed, and no two pages have the same ones. Each has more strokes than any digit, or is one of several
curves that cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_edge.models.pages.letters import warp
from mnist_edge.strokes import Stroke, resample

# Parts on a unit square: level and upright strokes, falling ones, dots, hooks and boxes; x and y in tenths.
PARTS = (
    ("0292", "0595", "0898", "5009"), ("0191", "5009 5099", "0999"), ("1191", "5109", "5199", "2888"),
    ("0595", "5010", "5019"), ("1118", "119198", "1898", "1595"), ("0393", "2028", "7078", "2888"),
    ("5004", "5094", "2575", "5009", "0999"), ("3009", "2427", "9019", "6477"), ("0292", "4018", "6299", "2676"),
    ("1013", "0406", "2839", "5098", "9058"), ("0090", "9098", "0595", "5009"),
    ("3005", "2529", "4292", "6248", "8499"), ("0191", "3003", "7073", "0595", "2698", "8618"),
    ("1018", "119196", "4489", "1858"), ("0797", "1318", "5059", "8388"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brush:
    """How one hand writes ideographs; lengths in their heights.

    Attributes:
        flowing: Share of the syllables, which have fewer strokes and more curves.
        bend: How far strokes miss their places.
        joined: Probability that the pen stays on the paper between two strokes.
        narrow: Factor of the width.
        gap: Between two of them.
        lean: Rise of level strokes.
    """

    flowing: float
    bend: float
    joined: float
    narrow: float
    gap: float
    lean: float

    def word(self, word: str, rng: np.random.Generator) -> list[Stroke]:
        """One for every other letter of the word, at most four, from x 0, between y 0.1 and 1."""
        found: list[Stroke] = []
        for index in range(int(np.clip(len(word) // 2, 1, 4))):
            size = rng.uniform(0.75, 0.95)
            strokes = _syllable(rng) if rng.random() < self.flowing else _ideograph(rng)
            strokes = self._joined([stroke * size for stroke in warp(strokes, rng, self.bend)], rng)
            corner = np.array((index * (self.narrow + self.gap), 0.1 + (0.95 - size) / 2))
            found += [stroke * (self.narrow, 1) + _rising(stroke, self.lean) + corner for stroke in strokes]
        return found

    def _joined(self, strokes: Sequence[Stroke], rng: np.random.Generator) -> list[Stroke]:
        joined: list[Stroke] = []
        for stroke in strokes:
            if joined and rng.random() < self.joined:
                joined[-1] = np.concatenate([joined[-1], stroke])
            else:
                joined.append(stroke)
        return joined


def choose_brush(rng: np.random.Generator) -> Brush:
    """A hand at random."""
    return Brush(
        flowing=float(rng.choice([0.0, 0.15, 0.4])),
        bend=float(rng.uniform(0.01, 0.06)),
        joined=float(rng.choice([0.0, 0.1, 0.3])),
        narrow=float(rng.uniform(0.7, 1.05)),
        gap=float(rng.uniform(0.05, 0.3)),
        lean=float(rng.uniform(-0.02, 0.15)),
    )


def _rising(stroke: Stroke, lean: float) -> Stroke:
    return np.stack([np.zeros(len(stroke)), -lean * stroke[:, 0]], axis=1)


def _ideograph(rng: np.random.Generator) -> list[Stroke]:
    """Two or three parts beside or above each other, in a unit square."""
    kind = int(rng.integers(4))
    split = rng.uniform(0.35, 0.6)
    boxes = (
        [(0, 0, split - 0.05, 1), (split + 0.05, 0, 1, 1)],
        [(0, 0, 1, split - 0.05), (0, split + 0.05, 1, 1)],
        [(0, 0, 0.35, 1), (0.45, 0, 1, 0.45), (0.45, 0.55, 1, 1)],
        [(0, 0, 1, 0.4), (0, 0.5, 0.45, 1), (0.55, 0.5, 1, 1)],
    )[kind]
    strokes = []
    for left, top, right, bottom in boxes:
        for text in PARTS[int(rng.integers(len(PARTS)))]:
            for path in text.split():
                points = np.array([(int(x), int(y)) for x, y in zip(path[::2], path[1::2], strict=True)]) / 9
                strokes.append(resample(points * (right - left, bottom - top) + (left, top), 0.05))
    return strokes


def _syllable(rng: np.random.Generator) -> list[Stroke]:
    """Three to five strokes, one of them a curve that turns back: none of them alone on its place."""
    strokes = []
    for index in range(int(rng.integers(3, 6))):
        if index == 0:
            turns = np.linspace(0, rng.uniform(3, 7), 30) * rng.choice([-1, 1]) + rng.uniform(0, 6.3)
            curve = np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.linspace(0.15, 0.4, 30)[:, None]
            strokes.append(curve + 0.5)
            continue
        start, end = rng.uniform(0, 1, (2, 2)) * (1, 0.6), rng.uniform(0.2, 1, 2)
        middle = start.mean(axis=0) + rng.normal(0, 0.15, 2)
        share = np.linspace(0, 1, 12)[:, None]
        strokes.append((1 - share) ** 2 * start[0] + 2 * share * (1 - share) * middle + share**2 * end)
    return strokes
