"""Letters of other scripts than Latin, for words that are to be left alone; none that could be taken for a digit.

They come from files in a folder `script` beside those of `typefaces.py`; without it, pages are as they are.
"""

from functools import cache
from pathlib import Path
from unicodedata import category, normalize, numeric

import numpy as np

from mnist_edge.models.pages.typefaces import Glyph, Typeface, read_contours
from mnist_edge.optional_packages import require

# First and last of the letters that are in use today, in the order of Unicode.
BLOCKS = {
    "Greek": "Αω", "Cyrillic": "Ая", "Hebrew": "את", "Arabic": "ءي", "Devanagari": "अह", "Thai": "กฮ",
    "kana": "ぁヺ", "ideographs": "\u4e00\u9fff", "Hangul": "가힣",
}  # fmt: skip
# What each digit could be taken for, or one quickly written, turned or in a box; the jamo of Hangul at the end, which
# rule out every syllable that has one of them.
LOOK_ALIKES = {
    "0": "ΟοΘθΦφ ОоФфЮю סם هة ठ ฮอด のロ口囗回国図曰 ㅇᄋᆼᄒᇂ",
    "1": "Ιι וןי اأإآىل เ いりしィイトノリレー丨亅丶 ᅵ",
    "2": "Ζζ г ב يئى इई ว そユュスズヌニ乙己已巳之 ᄅᆯ",
    "3": "ΕεΞξΣ ЗзЭэ ע عغ अआऄऑऒओऔउऊ ろるヨョう了子 ᄐᇀ",
    "4": "Ψψ Чч ץ पस サチ牛千",
    "5": "ς Бб س डङह รธฐ うぅらちテ与弓丂",
    "6": "σδ ЪъЫыЬь ט طظ दढ ลจ ひヒも",
    "7": "ΓτΤγλ Г רךדז درذ रग ง つっァアウゥクケタフマヲラワヮ刁丁了 ᄀᆨᄏᆿ",
    "8": "Ββδ ВвЖж פף قف छषळऴ ฉฬ 日目田由甲申旦且白自品",
    "9": "ρφ ДдРрУу ק وؤم क คศต ぁぬめゅゆ",
}
_LEFT_OUT = frozenset("".join(LOOK_ALIKES.values())) - {" "}
# Height of a digit in ems, as most typefaces have it; these files have none to measure.
DIGIT_HEIGHT = 0.7
LEAST_LETTERS = 8


def is_unlike_digits(character: str) -> bool:
    """Whether a character is a letter of one of `BLOCKS`, is no number, and has no part that looks like a digit."""
    in_use = any(ends[0] <= character <= ends[1] for ends in BLOCKS.values())
    if not in_use or category(character) not in ("Lu", "Ll", "Lo"):
        return False
    parts = normalize("NFKD", character)
    return not _LEFT_OUT.intersection(character + parts) and all(numeric(part, None) is None for part in parts)


@cache
def load_scripts(folder: Path) -> tuple[Typeface, ...]:
    """All typefaces in the folder's subfolder `script` with at least eight letters unlike digits, sorted by name.

    Args:
        folder: As `load_typefaces` takes it.

    Returns:
        Typefaces with these letters alone, scaled as if a digit of theirs were 0.7 ems high.
    """
    faces = (_load(path) for path in sorted((folder / "script").glob("*.[otw][tof]*")))
    return tuple(face for face in faces if len(face.glyphs) >= LEAST_LETTERS)


def _load(path: Path) -> Typeface:
    glyphs: dict[str, Glyph] = {}
    with require("fontTools.ttLib", extra="train").TTFont(path, lazy=True) as font:
        known, outlines, unit = set(font.getGlyphOrder()), font.getGlyphSet(), DIGIT_HEIGHT * font["head"].unitsPerEm
        for code, glyph in sorted(font.getBestCmap().items()):
            if glyph not in known or not is_unlike_digits(chr(code)):
                continue
            contours = [np.stack([c[:, 0], unit - c[:, 1]], axis=1) / unit for c in read_contours(outlines, glyph)]
            if contours:
                glyphs[chr(code)] = Glyph(tuple(contours), float(outlines[glyph].width) / unit)
    return Typeface(path.stem, False, glyphs, foreign=True)
