"""Ink is what was drawn, whatever the light, the paper and the pen."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.ink import find_ink
from mnist_edge.opencv import cv2

Image = NDArray[np.uint8]
HEIGHT, WIDTH = 360, 480


def strokes(thickness: int = 8) -> Image:
    """A 7, a 0 and a 1 as a mask, 255 = ink."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.polylines(mask, [np.array([[60, 120], [120, 120], [80, 230]])], False, 255, thickness)
    cv2.ellipse(mask, (220, 175), (35, 55), 0, 0, 360, 255, thickness)
    cv2.line(mask, (340, 120), (340, 230), 255, thickness)
    return mask


def written(paper: int = 230, pen: tuple[int, int, int] = (40, 35, 30), noise: float = 2.0) -> NDArray[np.float64]:
    """The strokes on a sheet, before light falls on it."""
    soft = cv2.GaussianBlur(strokes().astype(float) / 255, (0, 0), 0.8)[..., None]
    sheet = paper * (1 - soft) + np.array(pen) * soft
    return np.asarray(sheet + np.random.default_rng(0).normal(0, noise, sheet.shape))


def photo(values: NDArray[np.float64]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)


def near_strokes() -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(strokes(), np.ones((9, 9), np.uint8)) > 0, np.bool_)


def agreement(binary: Image) -> float:
    """Shared pixels over all pixels of the ink found near the strokes and the ink drawn."""
    drawn, found = strokes() > 0, (binary > 0) & near_strokes()
    return float(np.sum(found & drawn) / np.sum(found | drawn))


def stray(binary: Image) -> float:
    """Share of the paper away from the strokes that is taken for ink."""
    return float(np.mean(binary[~near_strokes()] > 0))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


LIGHT: dict[str, Callable[[], NDArray[np.float64]]] = {
    "dark on light": written,
    "chalk on a dark board": lambda: written(paper=45, pen=(215, 220, 220)),
    "dim room": lambda: written() * 0.25,
    "soft shadow": lambda: written() * np.linspace(1, 0.35, WIDTH)[None, :, None],
    "hard shadow": lambda: written() * np.where(np.arange(WIDTH) < 170, 0.5, 1.0)[None, :, None],
    "lamp in a corner": lambda: (
        written() * (1.05 - 0.6 * np.hypot(*np.mgrid[0:1:360j, 0:1:480j]) / np.sqrt(2))[..., None]
    ),
}


@pytest.mark.parametrize("light", LIGHT)
def test_strokes_are_ink_and_light_is_not(reader: Reader, light: str) -> None:
    frame = photo(LIGHT[light]())
    ink = find_ink(frame, light_on_dark="chalk" in light)
    assert agreement(ink.components.binary) > 0.75
    # The edge of a shadow may leave a hairline, but nothing that could be read.
    assert stray(ink.components.binary) < 0.01
    assert reader.read(frame).text == ("701",)


@pytest.mark.parametrize(
    "pen",
    [(40, 30, 200), (190, 70, 30), (60, 130, 40), (150, 150, 150)],
    ids=["red", "blue", "green", "pencil"],
)
def test_every_pen_is_found(pen: tuple[int, int, int]) -> None:
    ink = find_ink(photo(written(pen=pen)))
    assert agreement(ink.components.binary) > 0.75
    assert stray(ink.components.binary) < 0.0001


# BGR of paper that leaves hardly anything of one channel or two.
PAPERS = {"yellow": (25, 225, 245), "red": (45, 40, 215), "green": (60, 180, 50)}


@pytest.mark.parametrize("paper", PAPERS)
def test_black_on_coloured_paper_is_the_same_ink_as_on_white(paper: str) -> None:
    mask = strokes()[..., None] > 0
    on_white, on_colour = (
        find_ink(photo(np.where(mask, 25.0, np.array(colour, float)))) for colour in ((245, 245, 245), PAPERS[paper])
    )
    assert len(on_white.components.ids) == 3
    assert on_colour.components.boxes.tolist() == on_white.components.boxes.tolist()
    np.testing.assert_array_equal(on_colour.components.binary, on_white.components.binary)
    # As strong, too, wherever the paper is bright in any channel.
    inside = strokes(4) > 0
    assert on_colour.level[inside].min() > 0.9 * on_white.level[inside].min()


def test_a_card_on_a_dark_table_is_paper() -> None:
    table = np.full((HEIGHT, WIDTH, 3), 35.0)
    card = slice(85, 265), slice(30, 400)
    table[card] = written()[card]
    # Bright and thin as chalk is, but the writing is dark here.
    cv2.rectangle(table, (8, 20), (470, 340), (240, 240, 240), 6)
    ink = find_ink(photo(table))
    inner = slice(95, 255), slice(40, 390)
    assert not (ink.components.binary[inner] > 0)[~near_strokes()[inner]].any()
    assert np.mean(ink.components.binary[strokes() > 0] > 0) > 0.9


@pytest.mark.parametrize("noise", [0.0, 2.0, 8.0])
@pytest.mark.parametrize("paper", [40, 128, 235])
def test_a_blank_sheet_has_no_ink(paper: int, noise: float) -> None:
    sheet = np.random.default_rng(1).normal(paper, noise, (HEIGHT, WIDTH, 3))
    binary = find_ink(photo(sheet)).components.binary
    grains = cv2.connectedComponentsWithStats(binary)[2][1:]
    # Grains may pass; nothing as large as a digit does.
    assert (grains[:, cv2.CC_STAT_HEIGHT] < 20).all()
    assert np.mean(binary > 0) < 0.005


def test_full_ink_is_strong_and_paper_is_none() -> None:
    level = find_ink(photo(written(noise=0))).level
    assert level[strokes(4) > 0].min() > 150
    assert level[:60].max() < 5


@pytest.mark.parametrize("shape", [(1, 1), (1, 1600), (1200, 3), (240, 320)])
def test_any_shape_will_do(shape: tuple[int, int]) -> None:
    ink = find_ink(np.full((*shape, 3), 230, np.uint8))
    assert ink.level.shape == ink.components.binary.shape == ink.near.shape == shape
    assert not ink.components.binary.any()


def test_near_ink_is_within_two_pixels() -> None:
    ink = find_ink(photo(written()))
    distance = cv2.distanceTransform(255 - ink.components.binary, cv2.DIST_C, 3)
    assert np.array_equal(ink.near > 0, distance <= 2)


@pytest.mark.parametrize("light_on_dark", [False, True])
def test_the_picture_is_left_as_it_was(light_on_dark: bool) -> None:
    frame = photo(written(paper=45, pen=(215, 220, 220)))
    before = frame.copy()
    find_ink(frame, light_on_dark)
    assert (frame == before).all()


def test_light_on_dark_is_the_same_ink_turned_over() -> None:
    frame = photo(written())
    assert np.array_equal(find_ink(255 - frame, light_on_dark=True).level, find_ink(frame).level)
