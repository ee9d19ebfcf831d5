"""What the sheet shows where: each kind of outcome in its colour, around the ink, on the right picture."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.contact_sheet import (
    COLUMNS,
    FOOT,
    GAP,
    GREEN,
    HEAD,
    HEIGHT,
    ORANGE,
    PLACE,
    PURPLE,
    WIDTH,
    contact_sheet,
    counts_line,
    refuse_format,
)
from mnist_edge.benchmarks.photos import Outcome, PictureScore
from mnist_edge.camera.images import write_image
from mnist_edge.camera.overlay import GREY
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.reading import Box

Image = NDArray[np.uint8]
HERE = Box(30, 20, 40, 60)
COLOURS = {"right": GREEN, "missed": ORANGE, "wrong": PURPLE, "uncounted": GREY}


def picture(file: str, *outcomes: Outcome, rows: int = 0) -> PictureScore:
    return PictureScore(file, (), not outcomes, outcomes, rows, 0, 1.0)


def place(sheet: Image, number: int, top: int = 0, height: int = HEIGHT) -> Image:
    """The part of the sheet where a picture lies, or what lies `top` below its upper edge."""
    line, column = divmod(number, COLUMNS)
    y, x = HEAD + line * (HEIGHT + FOOT + GAP) + top, GAP + column * (WIDTH + GAP)
    return sheet[y : y + height, x : x + WIDTH]


def has(image: Image, colour: tuple[int, int, int]) -> bool:
    return bool((image == colour).all(axis=2).any())


def kinds(image: Image) -> set[str]:
    return {name for name, colour in COLOURS.items() if has(image, colour)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three blank pictures, each of a colour of its own: as wide as its place, tall, tiny."""
    for name, shape, colour in (
        ("wide.png", (240, 320), (200, 220, 250)),
        ("tall.png", (2000, 500), (250, 220, 200)),
        ("tiny.png", (1, 1), (220, 250, 200)),
    ):
        write_image(tmp_path / name, np.full((*shape, 3), colour, np.uint8))
    return tmp_path


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome(HERE, 3, 3), "right"),
        (Outcome(HERE, 3, None), "missed"),
        (Outcome(HERE, 3, 8), "wrong"),
        (Outcome(HERE, None, 8), "wrong"),
        (Outcome(HERE, 3, 3, counts=False), "uncounted"),
        (Outcome(HERE, 3, None, counts=False), "uncounted"),
        (Outcome(HERE, None, 8, counts=False), "uncounted"),
    ],
)
def test_each_outcome_has_its_colour(folder: Path, outcome: Outcome, kind: str) -> None:
    sheet = contact_sheet(folder, [picture("wide.png", outcome)], "a title")
    assert kinds(place(sheet, 0)) == {kind}
    # The legend names all of them.
    assert kinds(sheet[:HEAD]) == set(COLOURS)


def test_the_frame_is_around_the_ink_and_only_errors_have_a_text(digits: Dataset, tmp_path: Path) -> None:
    scene = draw_page(digits.test, 1, Conditions(rows=1, columns=1, size=0.5), width=640, height=480)
    write_image(tmp_path / "scene.png", scene.image)
    box = scene.digits[0].box
    # A second box in each far corner, so that the whole picture is shown at its own size.
    corners = [Outcome(Box(0, 0, 20, 20), 1, 1), Outcome(Box(620, 460, 20, 20), 1, 1)]
    plates = []
    for predicted in (3, None):
        shown = place(contact_sheet(tmp_path, [picture("scene.png", Outcome(box, 3, predicted), *corners)], ""), 0)
        colour = GREEN if predicted else ORANGE
        edge = (shown == colour).all(axis=2)
        assert edge[box.y - 1, box.x : box.right].all()
        assert edge[box.y : box.bottom, box.x - 1].all()
        inside = box.slices
        assert (shown[inside] == scene.image[inside]).all()
        plates.append(edge[: box.y - 4, box.x : box.right].sum())
    assert plates[0] == 0 < 50 < plates[1]


def test_pictures_stand_in_their_order_three_in_a_line(folder: Path) -> None:
    names = ["tall.png", "wide.png", "tiny.png", "wide.png"]
    sheet = contact_sheet(folder, [picture(name) for name in names], "")
    assert sheet.shape == (HEAD + 2 * (HEIGHT + FOOT + GAP), GAP + 3 * (WIDTH + GAP), 3)
    middles = [tuple(place(sheet, number)[HEIGHT // 2, WIDTH // 2].tolist()) for number in range(4)]
    assert middles == [(250, 220, 200), (200, 220, 250), (220, 250, 200), (200, 220, 250)]
    # The tall one keeps its shape: it is 480 high, and so 120 wide.
    shown = ~(place(sheet, 0) == PLACE).all(axis=2)
    assert shown.sum() == 480 * 120
    # Its name and counts stand below each, and nothing in the empty places.
    for number in range(4):
        assert (place(sheet, number, HEIGHT, FOOT) < 100).any()
    assert (place(sheet, 4, 0, HEIGHT + FOOT) == 255).all()


def test_small_digits_are_shown_large(folder: Path) -> None:
    small = Outcome(Box(200, 900, 20, 30), 3, 3)
    sheet = contact_sheet(folder, [picture("tall.png", small)], "")
    framed = np.flatnonzero((place(sheet, 0) == GREEN).all(axis=2).any(axis=1))
    # 480 for what is 30 high with 200 on both sides of it; the whole picture's would be 7 high.
    assert np.ptp(framed) == pytest.approx(30 * 480 / 430, abs=6)


@pytest.mark.parametrize(
    "box", [Box(0, 0, 320, 240), Box(300, 230, 400, 300), Box(900, 900, 5, 5), Box(-40, -9, 50, 20)]
)
def test_a_box_beyond_the_picture(folder: Path, box: Box) -> None:
    for name in ("wide.png", "tiny.png"):
        outcomes = Outcome(box, 3, None), Outcome(box, 3, 5)
        sheet = contact_sheet(folder, [picture(name, *outcomes)], "a title much too long for the sheet " * 12)
        assert (sheet[:, -GAP + 4 :] == 255).all() and (sheet[:, : GAP - 4] == 255).all()


def test_the_counts() -> None:
    outcomes = (
        *[Outcome(HERE, 1, 1)] * 5, *[Outcome(HERE, 1, None)] * 3, *[Outcome(HERE, 1, 7)] * 2,
        Outcome(HERE, None, 7), Outcome(HERE, 4, 4, counts=False),
    )  # fmt: skip
    expected = "5 of 10 digits right, 3 missed, 2 misread, 1 false"
    assert counts_line(picture("a.png", *outcomes)) == expected
    assert counts_line(picture("a.png", *outcomes, rows=2)) == f"{expected}, 0 of 2 rows"


def test_a_picture_that_is_gone(folder: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png"):
        contact_sheet(folder, [picture("gone.png")], "")


@pytest.mark.parametrize("name", ["sheet", "sheet.txt", ".png"])
def test_a_name_that_no_picture_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"use \.png or \.jpg"):
        refuse_format(tmp_path / name)


@pytest.mark.parametrize("name", ["sheet.png", "sheet.JPG"])
def test_a_name_that_a_picture_has(tmp_path: Path, name: str) -> None:
    refuse_format(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
