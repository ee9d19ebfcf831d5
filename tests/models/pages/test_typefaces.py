"""Typefaces become contours in the unit of a digit's height; pages are written with them."""

import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.models.pages.typefaces import DIGITS, LETTERS, Typeface, load_typefaces
from mnist_edge.opencv import cv2
from mnist_edge.strokes import fill

BUNDLED = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
PLAIN = Conditions(blur=0.0, noise=0.0, grain=0.0, jpeg=100, opacity=1.0, ink=(40, 40, 40))


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> tuple[Typeface, ...]:
    """One that stands for handwriting, one that is print, and one without letters."""
    folder = tmp_path_factory.mktemp("typefaces")
    for kind, name in (("hand", "DejaVuSans-Oblique"), ("print", "DejaVuSerif"), ("print", "STIXSizOneSymReg")):
        (folder / kind).mkdir(exist_ok=True)
        shutil.copy(BUNDLED / f"{name}.ttf", folder / kind)
    return load_typefaces(folder)


def test_a_typeface_without_letters_is_left_out(faces: tuple[Typeface, ...]) -> None:
    assert [(face.name, face.handwritten) for face in faces] == [("DejaVuSans-Oblique", True), ("DejaVuSerif", False)]


def test_digits_are_about_one_high_and_stand_on_their_line(faces: tuple[Typeface, ...]) -> None:
    for face in faces:
        for digit in DIGITS:
            points = np.concatenate(face.glyphs[digit].contours)
            assert points[:, 1].max() == pytest.approx(1, abs=0.06) and np.ptp(points[:, 1]) == pytest.approx(
                1, abs=0.1
            )
            assert points[:, 0].min() >= 0 and points[:, 0].max() < 1.1 * face.glyphs[digit].advance + 0.2
        assert np.concatenate(face.glyphs["x"].contours)[:, 1].min() > 0.1
        assert set(LETTERS) <= set(face.glyphs)


@pytest.mark.parametrize(("digit", "holes"), [("0", 1), ("1", 0), ("8", 2), ("6", 1)])
def test_filled_contours_leave_the_holes_open(faces: tuple[Typeface, ...], digit: str, holes: int) -> None:
    for face in faces:
        ink, _, _ = fill([contour * 60 for contour in face.glyphs[digit].contours])
        paper = np.asarray(ink < 128, np.uint8)
        assert cv2.connectedComponents(paper, connectivity=4)[0] - 2 == holes
        bolder, _, _ = fill([contour * 60 for contour in face.glyphs[digit].contours], grow=3)
        assert bolder.sum() > 1.1 * ink.sum()


def test_characters_stand_side_by_side_and_tracking_moves_them(faces: tuple[Typeface, ...]) -> None:
    lefts = [np.concatenate(character)[:, 0].min() for character in faces[0].text("2\N{SNOWMAN}34 5")]
    assert len(lefts) == 4 and lefts == sorted(lefts)
    narrow = [np.concatenate(character)[:, 0].min() for character in faces[0].text("234 5", tracking=0.8)]
    assert narrow[0] == lefts[0] and narrow[-1] < lefts[-1]


def read_boxes(page: Page) -> list[float]:
    """How much of each digit's box is ink."""
    grey = cv2.cvtColor(page.image, cv2.COLOR_BGR2GRAY)
    return [float(np.mean(grey[digit.box.slices] < 140)) for digit in page.digits]


def test_digits_of_a_page_can_be_of_a_typeface_with_the_truth_known(
    digits: Dataset, faces: tuple[Typeface, ...]
) -> None:
    conditions = replace(PLAIN, rows=3, columns=6, digits=faces[0].name)
    page = draw_page(digits.validation, 5, conditions, width=640, height=480, typefaces=faces)
    assert len(page.digits) == 18 and len({digit.label for digit in page.digits}) > 5
    assert all(0.1 < share < 0.7 for share in read_boxes(page))


def test_words_in_a_typeface_are_no_digits_even_where_print_has_numbers(
    digits: Dataset, faces: tuple[Typeface, ...]
) -> None:
    conditions = replace(PLAIN, rows=0, text=8, size=0.06, words=faces[1].name)
    page = draw_page(digits.validation, 5, conditions, width=640, height=480, typefaces=faces)
    assert not page.digits and "negative" in page.tags
    assert np.mean(cv2.cvtColor(page.image, cv2.COLOR_BGR2GRAY) < 140) > 0.01


def test_superscripts_are_smaller_and_higher(digits: Dataset) -> None:
    page = draw_page(digits.validation, 3, replace(PLAIN, rows=1, columns=8, superscripts=0.5), width=900, height=480)
    heights = np.array([digit.box.height for digit in page.digits])
    small = heights < 0.75 * heights.max()
    assert 1 <= small.sum() < len(heights)
    bottoms = np.array([digit.box.bottom for digit in page.digits])
    assert bottoms[small].mean() < bottoms[~small].mean() - 0.1 * heights.max()
