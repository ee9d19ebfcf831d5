"""Letters of other scripts are read from files of their own, and none of them could be taken for a digit."""

import shutil
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import matplotlib
import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.pages.scripts import LOOK_ALIKES, is_unlike_digits, load_scripts
from mnist_edge.models.pages.typefaces import Typeface, load_typefaces
from mnist_edge.optional_packages import require

BUNDLED = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
UNLIKE = "ПшцлкИאתなふ木버"
# Shapes of digits, digits of other scripts, ideographs of numbers, Latin letters.
LIKE = "ОоЗзбסו०٣๕七二o1½八の口"


def build(path: Path, characters: str) -> None:
    """A font whose characters are all boxes half an em high."""
    path.parent.mkdir(parents=True, exist_ok=True)
    builder, pens = (require(f"fontTools.{one}", extra="train") for one in ("fontBuilder", "pens.ttGlyphPen"))
    names = [f"u{ord(one):04X}" for one in characters]
    pen = pens.TTGlyphPen(None)
    for move, point in (
        (pen.moveTo, (50, 0)),
        (pen.lineTo, (50, 500)),
        (pen.lineTo, (400, 500)),
        (pen.lineTo, (400, 0)),
    ):
        move(point)
    pen.closePath()
    box = pen.glyph()
    font = builder.FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap({ord(one): name for one, name in zip(characters, names, strict=True)})
    font.setupGlyf({".notdef": pens.TTGlyphPen(None).glyph()} | dict.fromkeys(names, box))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (450, 50)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupPost()
    font.save(path)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Typeface, ...]:
    """A typeface of many scripts, one with eight letters among what is left out, and one with too few."""
    folder = tmp_path_factory.mktemp("typefaces")
    build(folder / "script" / "mixed.ttf", "ПшцлИиאת०1oО七")
    build(folder / "script" / "few.ttf", "Пшa123")
    shutil.copy(BUNDLED / "DejaVuSans.ttf", folder / "script")
    return load_scripts(folder)


def test_numbers_and_letters_that_look_like_digits_are_left_out() -> None:
    assert all(is_unlike_digits(one) for one in UNLIKE)
    assert not any(is_unlike_digits(one) for one in LIKE)
    assert set(LOOK_ALIKES) == set("0123456789")


def test_parts_of_composed_letters_count() -> None:
    # An omicron with an accent, a 3 with dots, and Korean syllables with a ring.
    assert not any(is_unlike_digits(one) for one in "όӟ아옹")
    assert is_unlike_digits("й") and is_unlike_digits("버")


def test_files_give_letters_of_other_scripts_alone(scripts: tuple[Typeface, ...]) -> None:
    assert [face.name for face in scripts] == ["DejaVuSans", "mixed"]
    assert set(scripts[1].glyphs) == set("ПшцлИиאת")
    for face in scripts:
        assert face.foreign and not any(category(one).startswith("N") or one.isascii() for one in face.glyphs)
        assert all(np.isfinite(np.concatenate(glyph.contours)).all() for glyph in face.glyphs.values())


def test_capitals_are_about_as_high_as_a_digit_and_stand_on_its_line(scripts: tuple[Typeface, ...]) -> None:
    points = np.concatenate(scripts[0].glyphs["П"].contours)
    assert points[:, 1].max() == pytest.approx(1, abs=0.02) and np.ptp(points[:, 1]) == pytest.approx(1, abs=0.1)


def test_words_are_spelled_with_letters_that_it_has(scripts: tuple[Typeface, ...]) -> None:
    word = scripts[1].spelled("two, 2", np.random.default_rng(0))
    assert len(word) == 6 and set(word[:3]) <= set(scripts[1].glyphs) and word[3:] == ", 2"
    assert scripts[1].text(word)[3:] == []


def test_latin_typefaces_are_those_that_they_were(scripts: tuple[Typeface, ...], tmp_path: Path) -> None:
    for kind in ("print", "script"):
        (tmp_path / kind).mkdir()
        shutil.copy(BUNDLED / "DejaVuSans.ttf", tmp_path / kind)
    (latin,) = load_typefaces(tmp_path)
    assert not latin.foreign and latin.spelled("two", np.random.default_rng(0)) == "two"
    assert load_scripts(tmp_path / "nothing") == ()


@pytest.mark.parametrize("layout", ["manuscript", "prose", "shout", "letters", "diagram", "keys", ""])
def test_pages_in_another_script_have_ink_and_no_digit(
    digits: Dataset, scripts: tuple[Typeface, ...], layout: str
) -> None:
    page = Conditions(rows=0, text=6, size=0.06, layout=layout, words="DejaVuSans", blur=0.0)
    scene = draw_page(digits.validation, 2, page, width=640, height=480, typefaces=scripts)
    empty = draw_page(digits.validation, 2, replace(page, text=0, layout=""), width=640, height=480)
    assert scene.digits == () and scene.image.std() > 1.2 * empty.image.std()


def test_a_share_of_crowded_pages_has_such_words_and_none_without_the_files() -> None:
    streams = range(600)
    with_files = [crowded_conditions(np.random.default_rng(seed), ["a"], ["b"], ["c"]) for seed in streams]
    assert 0.13 < np.mean([one.words == "c" for one in with_files]) < 0.23
    assert all(one.digits != "c" for one in with_files)
    without = [crowded_conditions(np.random.default_rng(seed), ["a"], ["b"]) for seed in streams]
    assert not any(one.words == "c" for one in without)
