"""Ink shows on paper of any colour, whichever is lighter, and what is wider than a stroke does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.ink_level import ink_level

BLACK, WHITE, RED, BLUE = (20, 20, 20), (240, 240, 240), (40, 40, 220), (170, 60, 30)
YELLOW, ORANGE, GREEN, GREY = (0, 230, 255), (0, 140, 255), (90, 190, 60), (140, 140, 140)
Colour = tuple[int, int, int]


def page(paper: Colour, ink: Colour, width: int = 3) -> NDArray[np.uint8]:
    """A cross of strokes on paper with a little noise."""
    image = np.full((60, 60, 3), paper, np.int16) + np.random.default_rng(0).integers(-3, 4, (60, 60, 3))
    image[10:50, 30 : 30 + width] = ink
    image[30 : 30 + width, 10:50] = ink
    return np.asarray(np.clip(image, 0, 255), np.uint8)


@pytest.mark.parametrize(
    ("paper", "ink"),
    [(WHITE, BLACK), (WHITE, RED), (WHITE, BLUE), (YELLOW, BLACK), (YELLOW, RED), (YELLOW, BLUE), (ORANGE, BLACK),
     (RED, BLACK), (GREEN, BLACK), (GREY, BLACK), (ORANGE, BLUE)],
)  # fmt: skip
def test_ink_stands_out_on_any_paper(paper: Colour, ink: Colour) -> None:
    level = ink_level(page(paper, ink))
    strokes = level[12:28, 30:33]
    assert strokes.min() > 100 and np.percentile(level[:28, :26], 99) < 40


@pytest.mark.parametrize(("paper", "ink"), [(BLACK, WHITE), (GREY, WHITE), ((60, 90, 50), (220, 230, 225))])
def test_light_on_dark_is_the_same_turned_over(paper: Colour, ink: Colour) -> None:
    level = ink_level(page(paper, ink), light_on_dark=True)
    assert level[12:28, 30:33].min() > 100 and np.percentile(level[:28, :26], 99) < 40


def test_a_highlighter_and_a_shadow_are_paper() -> None:
    image = page(WHITE, BLACK).astype(np.float32)
    image[20:44] *= np.array([0.15, 0.75, 1.0])
    image[:, :20] *= 0.5
    level = ink_level(image.astype(np.uint8))
    assert level[24:40, 30:33].min() > 100
    assert np.median(level[22:42, 2:26]) < 15 and np.median(level[22:42, 40:58]) < 15


def test_paper_alone_has_no_ink() -> None:
    assert np.percentile(ink_level(page(WHITE, WHITE)), 99) < 15
    assert ink_level(np.zeros((20, 20, 3), np.uint8)).max() == 0
