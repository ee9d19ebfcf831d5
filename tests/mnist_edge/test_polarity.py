"""Writing is told from its paper by covering less of it, however bright either is."""

import numpy as np
import pytest

from mnist_edge.opencv import cv2
from mnist_edge.polarity import CLEAR, light_on_dark_evidence


@pytest.mark.parametrize(("paper", "ink"), [(250, 20), (150, 90), (60, 30), (170, 235), (115, 200), (20, 240)])
def test_thin_strokes_are_writing(paper: int, ink: int) -> None:
    picture = np.full((120, 160, 3), paper, np.uint8)
    # Light falls from one side.
    picture = (picture * np.linspace(1.0, 0.8, 160)[None, :, None]).astype(np.uint8)
    for x in range(20, 140, 25):
        cv2.ellipse(picture, (x, 60), (7, 12), 0, 0, 360, (ink,) * 3, 2)
    evidence = light_on_dark_evidence(picture)
    assert abs(evidence) > CLEAR and (evidence > 0) == (ink > paper)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 160, 3), (120, 160, 3)])
def test_an_empty_sheet_tells_neither(shape: tuple[int, ...]) -> None:
    assert light_on_dark_evidence(np.full(shape, 180, np.uint8)) == 0


def test_a_card_on_a_dark_table_is_not_taken_for_light_writing() -> None:
    table = np.full((120, 160, 3), 35, np.uint8)
    table[25:90, 10:150] = 230
    for x in range(25, 140, 20):
        cv2.ellipse(table, (x, 57), (6, 11), 0, 0, 360, (40, 35, 30), 2)
    assert light_on_dark_evidence(table) < CLEAR
    assert light_on_dark_evidence(cv2.bitwise_not(table)) > -CLEAR
