"""Typefaces as contours: other hands for the words and digits of generated pages, and print to leave alone.

A folder of typefaces has two subfolders, `hand` and `print`, with `.ttf`, `.otf` or `.woff` files. `make typefaces`
fetches openly licensed ones; without typefaces pages are written in the strokes of `letters.py` alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.optional_packages import require
from mnist_edge.strokes import Stroke

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = "+-=/:.,*()[]{}<>!?&%$#@;'\""
# Straight pieces that one curve of a contour becomes: an em of 60 pixels shows no corner.
PIECES = 5


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character.

    Attributes:
        contours: Closed paths, filled by the even-odd rule; a digit is about 1 high, with its foot at y 1 and the pen's
            start at x 0.
        advance: Where the next character begins, in the same unit.
    """

    contours: tuple[Stroke, ...]
    advance: float


@dataclass(frozen=True, slots=True)
class Typeface:
    """The characters of one typeface.

    Attributes:
        name: Of its file, without suffix.
        handwritten: Whether it imitates handwriting; else it is print.
        glyphs: By character; those that it lacks are missing.
        foreign: Whether it has letters of another script alone, as those of `scripts.py`.
    """

    name: str
    handwritten: bool
    glyphs: dict[str, Glyph]
    foreign: bool = False

    def spelled(self, text: str, rng: np.random.Generator) -> str:
        """The text; where the script is foreign, letters at random in place of the text's."""
        if not self.foreign:
            return text
        letters = list(self.glyphs)
        return "".join(letters[int(rng.integers(len(letters)))] if one.isalpha() else one for one in text)

    def text(self, characters: str, tracking: float = 1.0) -> list[list[Stroke]]:
        """The contours of each character that it has, side by side from x 0.

        Args:
            characters: What to write; a space moves on.
            tracking: Factor of every advance; below 1 the characters touch.
        """
        x, found = 0.0, []
        for character in characters:
            if glyph := self.glyphs.get(character):
                if glyph.contours:
                    found.append([contour + np.array((x, 0.0)) for contour in glyph.contours])
                x += glyph.advance * tracking
            elif character == " ":
                x += 0.45
        return found


@cache
def load_typefaces(folder: Path) -> tuple[Typeface, ...]:
    """All typefaces below a folder that have the ten digits and the small letters, sorted by name."""
    paths = sorted(path for kind in ("hand", "print") for path in (folder / kind).glob("*.[otw][tof]*"))
    found = (_load(path) for path in paths)
    return tuple(face for face in found if all(face.glyphs.get(one) for one in DIGITS + LETTERS[:26]))


def _load(path: Path) -> Typeface:
    with require("fontTools.ttLib", extra="train").TTFont(path, lazy=True) as font:
        known, glyphs, names = set(font.getGlyphOrder()), font.getGlyphSet(), font.getBestCmap()
        outlines = {
            one: (read_contours(glyphs, names[ord(one)]), float(glyphs[names[ord(one)]].width))
            for one in DIGITS + LETTERS + SIGNS
            if names.get(ord(one)) in known
        }
    digits = [np.concatenate(outlines[one][0]) for one in DIGITS if one in outlines and outlines[one][0]]
    if not digits:
        return Typeface(path.stem, path.parent.name == "hand", {})
    # Old-style digits differ in height; the median of their feet and of their heights is the line they stand on.
    foot = float(np.median([points[:, 1].min() for points in digits]))
    unit = float(np.median([np.ptp(points[:, 1]) for points in digits])) or 1.0
    scaled = {
        one: Glyph(
            tuple(np.stack([c[:, 0] / unit, 1 - (c[:, 1] - foot) / unit], axis=1) for c in contours), width / unit
        )
        for one, (contours, width) in outlines.items()
    }
    return Typeface(path.stem, path.parent.name == "hand", scaled)


def read_contours(glyphs: Any, name: str) -> list[Stroke]:
    """The closed paths of a glyph in the units of its font, y up.

    Args:
        glyphs: What `TTFont.getGlyphSet` gives.
        name: Of the glyph.
    """
    recording = require("fontTools.pens.recordingPen", extra="train").DecomposingRecordingPen(glyphs)
    glyphs[name].draw(recording)
    contours: list[list[Any]] = []
    for verb, points in recording.value:
        if verb == "moveTo":
            contours.append([points[0]])
        elif verb == "lineTo":
            contours[-1].append(points[0])
        elif verb == "curveTo":
            contours[-1] += _curve([contours[-1][-1], *points])
        elif verb == "qCurveTo":
            _quadratics(contours, points)
    return [np.array(contour, float) for contour in contours if len(contour) > 2]


def _quadratics(contours: list[list[Any]], points: Sequence[Any]) -> None:
    """TrueType's curves: between two control points lies a point of the curve, halfway."""
    if points[-1] is None:
        # A contour of control points alone starts halfway between its last and its first.
        controls = list(points[:-1])
        start = _between(controls[-1], controls[0])
        contours.append([start])
        points = [*controls, start]
    *controls, end = points
    for index, control in enumerate(controls):
        to = end if index == len(controls) - 1 else _between(control, controls[index + 1])
        contours[-1] += _curve([contours[-1][-1], control, to])
    if not controls:
        contours[-1].append(end)


def _between(one: Any, other: Any) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _curve(controls: Sequence[Any]) -> list[Any]:
    """Points of a Bezier curve after its first."""
    return (_WEIGHTS[len(controls)] @ np.array(controls, float)).tolist()  # type: ignore[no-any-return]


def _bernstein(count: int) -> NDArray[np.float64]:
    """How much each of so many control points weighs in each point of a curve (Bernstein's polynomials)."""
    share, degree = (np.arange(1, PIECES + 1) / PIECES)[:, None], count - 1
    weights = [math.comb(degree, k) * share**k * (1 - share) ** (degree - k) for k in range(count)]
    return np.concatenate(weights, axis=1)


_WEIGHTS = {count: _bernstein(count) for count in (3, 4)}
