"""Texts in small letters, as diaries, books and typewriters have them, and single words in the hand of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.cursive import Cursive, choose_cursive
from mnist_edge.models.pages.ideographs import Brush, choose_brush
from mnist_edge.models.pages.letters import GLYPHS, WORDS, invent_word, warp, write
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.typefaces import Typeface
from mnist_edge.strokes import Stroke

# Of an x, or a letter of another script, pixels; and of an x in strokes, in heights of a digit.
X_HEIGHTS, USUAL_X = (8.0, 30.0), 0.55
# So many more would take seconds to draw.
MOST_LETTERS = 2000
# Shares of the texts that a pen writes: joined letters, and ideographs. A joined word or ideographs count as so many
# letters.
JOINED, DRAWN, LETTERS_A_WORD = 0.35, 0.12, 5


def set_text(text: str, face: Typeface | None, height: float, rng: np.random.Generator) -> list[Mark]:
    """A text from (0, 0) in a typeface, or in strokes for want of one; signs that neither has are left out."""
    if face:
        text = face.spelled(text, rng)
        characters = face.text(text, float(rng.uniform(0.85, 1.15)))
        bend = 0.02 if face.handwritten else 0.0
        return [Mark([c * height for c in warp(character, rng, bend)], filled=True) for character in characters]
    marks, x, gap = list[Mark](), 0.0, rng.uniform(0.02, 0.2) * height
    for sign in text:
        if sign not in GLYPHS:
            x += 0.4 * height
            continue
        mark = Mark([stroke * height for stroke in warp(write(sign), rng, 0.04)], thickest=0.13 * height)
        marks.append(mark.shifted(x - mark.left))
        x = marks[-1].right + gap
    return marks


@dataclass(frozen=True, slots=True)
class Prose:
    """How a page's small letters are set.

    Attributes:
        face: Their typeface; None writes strokes.
        hand: A pen that writes whole words instead; None sets letters.
        height: Of a digit beside them, pixels.
        pitch: From line to line, pixels.
        gap: Between words, pixels.
        capitals: Probability that a word begins with one.
        tracking: Factor of the letters' distances; joined letters meet at about 1.
        pen: Of the hand, at most, pixels.
        rng: Decides the rest.
    """

    face: Typeface | None
    hand: Cursive | Brush | None
    height: float
    pitch: float
    gap: float
    capitals: float
    tracking: float
    pen: float
    rng: np.random.Generator

    def words(self, left: float, right: float, level: float) -> list[Mark]:
        """Words from `left` to at most `right`, with the tops of digits at `level`."""
        marks: list[Mark] = []
        x = left
        while placed := [mark.shifted(x, level) for mark in self._word()]:
            end = max(mark.right for mark in placed)
            if end > right:
                break
            marks += placed
            x = end + self.gap
        return marks

    def lines(self, area: Area, level: float, count: int) -> list[Mark]:
        """So many lines from `level` on; a few end early or are empty."""
        marks: list[Mark] = []
        most = MOST_LETTERS // (LETTERS_A_WORD if self.hand else 1)
        for row in range(count):
            if len(marks) > most or self.rng.random() < 0.05:
                continue
            early = 0.7 * self.rng.uniform() * (self.rng.random() < 0.15)
            marks += self.words(area.left, area.right - early * (area.right - area.left), level + row * self.pitch)
        return marks

    def _word(self) -> list[Mark]:
        """One word from (0, 0), bent a little as a whole where the typeface is a hand, so that letters stay joined."""
        rng = self.rng
        word = str(rng.choice(WORDS)) if rng.random() < 0.4 else invent_word(rng).lower()
        word += invent_word(rng).lower() if rng.random() < 0.4 else ""
        word = word.capitalize() if rng.random() < self.capitals else word
        word += str(rng.choice(list(",,..;:-?!"))) if rng.random() < 0.12 else ""
        if self.hand:
            # One or two joined letters may be a number.
            strokes = self.hand.word(word if len(word) > 2 else word + "em", rng)
            written = Mark([stroke * self.height for stroke in strokes], thickest=self.pen)
            return [written.shifted(-written.left)]
        if not self.face:
            return set_text(word, None, self.height, rng)
        characters = self.face.text(self.face.spelled(word, rng), self.tracking)
        contours = [contour for character in characters for contour in character]
        bent = iter(warp(contours, rng, 0.012) if self.face.handwritten else contours)
        return [Mark([next(bent) * self.height for _ in character], filled=True) for character in characters]


def choose_prose(face: Typeface | None, rng: np.random.Generator) -> Prose:
    """Small letters of a size and pitch at random."""
    x_height = float(np.exp(rng.uniform(*np.log(X_HEIGHTS))))
    kind = rng.random()
    hand = choose_cursive(rng) if kind < JOINED else choose_brush(rng) if kind < JOINED + DRAWN else None
    letters = [face.glyphs["x"]] if face and "x" in face.glyphs else list(face.glyphs.values()) if face else []
    highs = [float(np.ptp(np.concatenate(letter.contours)[:, 1])) for letter in letters if letter.contours]
    height = x_height / (USUAL_X if hand else max(0.2, float(np.median(highs)) if highs else USUAL_X))
    return Prose(
        face=face,
        hand=hand,
        height=height,
        pitch=max(x_height * rng.uniform(1.7, 3), 0.9 * height),
        gap=x_height * rng.uniform(0.4, 1),
        capitals=float(rng.choice([0, 0.06, 0.15])),
        tracking=rng.uniform(0.97, 1.03),
        pen=x_height * float(np.exp(rng.uniform(np.log(0.08), np.log(0.32)))),
        rng=rng,
    )


def draw_manuscript(
    conditions: Conditions, area: Area, height: float, rng: np.random.Generator, faces: Mapping[str, Typeface]
) -> tuple[list[Mark], list[Stroke]]:
    """A page of prose without digits, from border to border; arguments and result as for the other drawings."""
    prose = choose_prose(faces.get(conditions.words), rng)
    return prose.lines(area, area.top, int(max(1, (area.bottom - area.top) // prose.pitch))), []
