"""A page's hand shapes its typefaces, digits less, and leaves them as they are where nothing is asked for."""

import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.hands import in_hand
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.pages.typefaces import DIGITS, Typeface, load_typefaces
from mnist_edge.opencv import cv2

BUNDLED = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
CLEAN = Conditions(
    blur=0.0, noise=0.0, jpeg=100, exposure=1.0, slope=0.0, grain=0.0, opacity=1.0, spread=0.6, ink=(30, 30, 30)
)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Typeface:
    folder = tmp_path_factory.mktemp("typefaces")
    (folder / "hand").mkdir()
    shutil.copy(BUNDLED / "DejaVuSans.ttf", folder / "hand")
    return load_typefaces(folder)[0]


def lean(face: Typeface, sign: str) -> float:
    """How far the top of an upright letter is to the right of its foot, in heights of a digit."""
    points = np.concatenate(face.glyphs[sign].contours)
    top, foot = points[points[:, 1] < 0.02], points[points[:, 1] > 0.98]
    return float(top[:, 0].mean() - foot[:, 0].mean())


def test_without_a_slant_or_stretch_a_typeface_stays_as_it_is(face: Typeface) -> None:
    assert in_hand([face], Conditions(sway=2.0)) == [face]


def test_words_lean_and_stretch_fully_and_digits_by_half(face: Typeface) -> None:
    leaning = Conditions(slant=30.0, stretch=1.44)
    (words,), (digits,) = in_hand([face], leaning), in_hand([face], replace(leaning, digits=face.name))
    assert lean(words, "H") == pytest.approx(np.tan(np.radians(30)), abs=0.05)
    assert lean(digits, "H") == pytest.approx(np.tan(np.radians(15)), abs=0.05)
    assert words.glyphs["H"].advance == pytest.approx(1.44 * face.glyphs["H"].advance)
    assert digits.glyphs["0"].advance == pytest.approx(1.2 * face.glyphs["0"].advance)


def test_a_wobble_moves_points_of_one_height_alike(face: Typeface) -> None:
    (bent,) = in_hand([face], Conditions(wobble=0.03, sway=1.0))
    moved = np.concatenate(bent.glyphs["E"].contours) - np.concatenate(face.glyphs["E"].contours)
    heights = np.concatenate(face.glyphs["E"].contours)[:, 1].round(6)
    assert 0.01 < np.abs(moved).max() <= 0.03
    assert all(np.ptp(moved[heights == height], axis=0).max() < 1e-6 for height in set(heights.tolist()))


@pytest.mark.parametrize(("slant", "stretch"), [(-25.0, 0.7), (30.0, 1.5)])
def test_boxes_stay_tight_around_digits_in_a_varied_hand(
    digits: Dataset, face: Typeface, slant: float, stretch: float
) -> None:
    page = replace(CLEAN, rows=2, size=0.15, digits=face.name, slant=slant, stretch=stretch, wobble=0.03)
    scene = draw_page(digits.validation, 3, page, width=640, height=480, typefaces=[face])
    ink = np.asarray(cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY) < 134)
    assert {digit.label for digit in scene.digits} <= set(range(len(DIGITS))) and len(scene.digits) == 10
    for digit in scene.digits:
        inside = ink[digit.box.slices]
        assert all(side.any() for side in (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:]))
        x, y, width, height = digit.box
        assert ink[y - 2 : y + height + 2, x - 2 : x + width + 2].sum() <= 1.02 * inside.sum()


def test_most_crowded_pages_in_typefaces_have_a_hand_of_their_own() -> None:
    many = [crowded_conditions(np.random.default_rng(seed), ["a"], ["b"]) for seed in range(400)]
    written = [one for one in many if one.words or one.digits]
    varied = [one for one in written if one.slant]
    assert 0.6 < len(varied) / len(written) < 0.8
    assert all(-25 <= one.slant <= 30 and 0.7 <= one.stretch <= 1.5 and 0 < one.wobble <= 0.03 for one in varied)
    assert not any(one.slant for one in many if not (one.words or one.digits))
