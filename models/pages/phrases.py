"""Digits among signs, such as dates and prices, in the hand of a page."""

import numpy as np

from mnist_edge.models.pages.clutter import line
from mnist_edge.models.pages.letters import GLYPHS, warp, write
from mnist_edge.models.pages.marks import Mark, clearance
from mnist_edge.models.pages.writing import CLEARANCE_STEP, Writer

# A 0 stands for any digit, and what follows a ^ is raised.
PHRASES = (
    "00/00/0000", "00/0/00", "00-00-0000", "0.00.00", "00.00.", "+00 00 000 00 00", "000-0000", "(000) 000-0000",
    "$0,000.00", "$ 00.00", "$0.00", "0,000.00", "0,0", "0.00", "00,00", "00:00", "0:00:00", "00%", "0.0%", "#000",
    "0^0+0^0=00", "x=00", "00x0=000", "0+0=0", "00-0=00", "0*0=00", "00/0=0", "(0,0)", "[0 0 0]", "{0,0,0}", "0/0",
    "x^0+0x-00=0", "f(0)=00", "i=0", "i,0,l,0", "00.000.000-0", "0!+0!", "00;00;00", "<00>", "0<0", "00 kg", "0 cm",
    "0 h 00", "00 m", "0) a", "no. 00", "0. 00", "-00", "+0.0", "0,0,0,0,0", "0 0 0 0", "0000 0000 0000 0000",
    "00 + 00", "= 00", "A0", "B00-0", "t0", "000'000.00", "0 & 0", "00?", "0...0", "i0i0", "|0|",
)  # fmt: skip


def write_digit(writer: Writer, height: float, row: int) -> Mark:
    """A digit so high with its top left corner at about (0, 0)."""
    label, strokes = writer.pick()
    shaped = [stroke * height for stroke in warp(strokes, writer.rng, 0.015)]
    return Mark(shaped, label, row, filled=writer.conditions.digits in writer.typefaces)


def write_sign(writer: Writer, sign: str, height: float) -> Mark | None:
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


def write_phrase(writer: Writer, phrase: str, left: float, level: float, height: float, row: int) -> list[Mark]:
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
        mark = write_digit(writer, size, row) if sign == "0" else write_sign(writer, sign, size)
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


def draw_rule(start: tuple[float, float], end: tuple[float, float], writer: Writer) -> Mark:
    """A line by hand, thinner than the pen of the digits where that is a marker."""
    return Mark([line(start, end, writer.rng)], thickest=writer.height * writer.rng.uniform(0.03, 0.12))
