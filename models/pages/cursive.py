"""Words of joined letters, as a quick hand writes them with one stroke: what no typeface is careless enough for."""

from dataclasses import dataclass

import numpy as np

from mnist_edge.models.pages.letters import GLYPHS, warp, write
from mnist_edge.strokes import Stroke, resample

SMALL_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
# Strokes of these letters that are added when the word is written: dots and bars.
ADDED = {"i": 1, "j": 1, "t": 1, "f": 1, "x": 1}
# Distance of a path's points, in heights of a capital.
STEP = 0.04


@dataclass(frozen=True, slots=True)
class Cursive:
    """How one hand joins its letters; lengths in heights of a capital.

    Attributes:
        lean: Shift to the right of what stands one height above the line.
        stretch: Factor of the width.
        reach: Distance between the letters, whatever their width.
        careless: How far the path misses the letters' points.
        slack: How much the path is rounded, steps of it: at 6 letters are waves.
        lifts: Probability that the pen is lifted between two letters.
        loops: How wide the loops of high letters are.
        fading: How much lower the letters are at a word's end, 0 to 1.
    """

    lean: float
    stretch: float
    reach: float
    careless: float
    slack: float
    lifts: float
    loops: float
    fading: float

    def word(self, word: str, rng: np.random.Generator) -> list[Stroke]:
        """The strokes of a word from x 0; other signs than letters stand alone, and unknown ones are left out."""
        joined: list[list[tuple[float, float]]] = [[]]
        alone: list[Stroke] = []
        x, count = 0.0, max(1, len(word))
        for index, sign in enumerate(word):
            if sign not in GLYPHS:
                x += self.reach
                continue
            strokes = [stroke * (self.stretch, 1.0) for stroke in write(sign)]
            height = (1 - self.fading * index / count) * rng.uniform(0.85, 1.1)
            placed = [(stroke - (0, 1)) * (1, height) + (x, 1) for stroke in strokes]
            if sign in SMALL_LETTERS:
                added = ADDED.get(sign, 0)
                alone += placed[len(placed) - added :]
                self._join(joined, np.concatenate(placed[: len(placed) - added]), rng)
            else:
                alone += placed
                joined.append([])
            x = max(float(stroke[:, 0].max()) for stroke in placed) + self.reach * rng.uniform(0.6, 1.4)
        paths = [self._rounded(np.array(path), rng) for path in joined if len(path) > 1]
        return [self._leaning(path) for path in (*paths, *warp(alone, rng, 0.03))]

    def _join(self, joined: list[list[tuple[float, float]]], letter: Stroke, rng: np.random.Generator) -> None:
        """Go on to the next letter without lifting the pen, or begin a new path."""
        if rng.random() < self.lifts:
            joined.append([])
        path, (x, y) = joined[-1], letter[0]
        if path and y < 0.3 and self.loops:
            # Up on the right of a high letter's stem, and down along it.
            path += [(x + self.loops, 0.6), (x + self.loops, y + 0.15)]
        path += [(float(a), float(b)) for a, b in letter]

    def _rounded(self, path: Stroke, rng: np.random.Generator) -> Stroke:
        points = resample(path, STEP)
        knots = max(2, len(points) // 4)
        along = np.linspace(0, 1, len(points))
        for axis in (0, 1):
            off = rng.normal(0, self.careless, knots)
            points[:, axis] += np.interp(along, np.linspace(0, 1, knots), off)
        reach = int(3 * self.slack) + 1
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / self.slack) ** 2)
        padded = np.pad(points, ((reach, reach), (0, 0)), mode="edge")
        smooth = [np.convolve(padded[:, axis], weights / weights.sum(), "valid") for axis in (0, 1)]
        return np.stack(smooth, axis=1)

    def _leaning(self, path: Stroke) -> Stroke:
        return path + np.stack([self.lean * (1 - path[:, 1]), np.zeros(len(path))], axis=1)


def choose_cursive(rng: np.random.Generator) -> Cursive:
    """A hand at random, from a schoolbook's to one that nobody can read."""
    haste = rng.uniform(0, 1)
    return Cursive(
        lean=float(rng.normal(0.25, 0.3)),
        stretch=float(np.exp(rng.uniform(-0.45, 0.35))),
        reach=float(rng.uniform(0.02, 0.3)),
        careless=float(rng.uniform(0.01, 0.03 + 0.05 * haste)),
        slack=float(rng.uniform(0.8, 1.5 + 4 * haste)),
        lifts=float(rng.choice([0.0, 0.0, 0.1, 0.3])),
        loops=float(rng.choice([0.0, 1.0])) * float(rng.uniform(0.08, 0.3)),
        fading=float(rng.uniform(0, 0.6)) * haste,
    )
