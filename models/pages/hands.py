"""The hand of a page: typefaces leaning, stretched and bent, so that a few of them become many hands."""

from collections.abc import Sequence
from dataclasses import replace
from math import radians, tan

import numpy as np

from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.typefaces import Glyph, Typeface
from mnist_edge.strokes import Stroke


def in_hand(typefaces: Sequence[Typeface], conditions: Conditions) -> list[Typeface]:
    """The typefaces as the conditions' slant, stretch and wobble shape them; digits less, so that they stay legible."""
    return [_shaped(face, conditions, face.name == conditions.digits) for face in typefaces]


def _shaped(face: Typeface, conditions: Conditions, digits: bool) -> Typeface:
    slant, stretch, wobble = conditions.slant, conditions.stretch, conditions.wobble
    if (slant, stretch, wobble) == (0.0, 1.0, 0.0):
        return face
    if digits:
        slant, stretch, wobble = slant / 2, float(np.sqrt(stretch)), wobble / 2
    lean, sway = tan(radians(slant)), conditions.sway

    def bend(contour: Stroke) -> Stroke:
        # Points of one height move alike, so that joined letters stay joined.
        x, up = contour[:, 0], 1 - contour[:, 1]
        across = stretch * x + lean * up + wobble * np.sin(5 * up + sway)
        return np.stack([across, contour[:, 1] + wobble * np.sin(4 * up + 2 * sway)], axis=1)

    shaped = {
        sign: Glyph(tuple(map(bend, glyph.contours)), stretch * glyph.advance) for sign, glyph in face.glyphs.items()
    }
    return replace(face, glyphs=shaped)
