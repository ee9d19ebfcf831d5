"""Colours of confidence differ on any paper and for each kind of colour vision."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.palette import confidence_colour, percent
from mnist_edge.opencv import cv2

STEPS = (0.4, 0.5, 0.75, 0.9, 0.95, 0.98, 0.999)
# What a dichromat sees of linear red, green and blue (Machado, Oliveira and Fernandes, 2009, severity 1).
VISION = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
    "all cones": np.eye(3).tolist(),
}


def linear(confidence: float) -> NDArray[np.float64]:
    """Red, green and blue, 0 to 1, without the gamma of a screen."""
    value = np.array(confidence_colour(confidence)[::-1]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(confidence: float) -> float:
    return float(linear(confidence) @ (0.2126, 0.7152, 0.0722))


def test_surer_is_darker() -> None:
    assert (np.diff([luminance(step) for step in STEPS[1:]]) < 0).all()


@pytest.mark.parametrize("confidence", STEPS)
def test_colours_stand_out_on_white_paper_and_on_a_blackboard(confidence: float) -> None:
    # WCAG 2.2 asks for 3 to 1 for what is drawn; white letters lie on the same colours.
    assert 1.05 / (luminance(confidence) + 0.05) >= 3
    assert (luminance(confidence) + 0.05) / 0.05 >= 3


@pytest.mark.parametrize("vision", VISION)
def test_a_guess_a_doubt_and_certainty_differ_for_each_kind_of_colour_vision(vision: str) -> None:
    seen = [np.clip(np.array(VISION[vision]) @ linear(step), 0, 1) for step in (0.5, 0.93, 0.999)]
    screen = [np.where(one <= 0.0031308, one * 12.92, 1.055 * one ** (1 / 2.4) - 0.055) for one in seen]
    lab = cv2.cvtColor(np.array([screen], np.float32), cv2.COLOR_RGB2Lab)[0]
    # About 2 can just be seen side by side; far apart on a page it takes more.
    assert (np.linalg.norm(np.diff(lab, axis=0), axis=1) > 20).all()


def test_nothing_is_certain() -> None:
    assert [percent(p) for p in (0.4, 0.994, 0.999, 1.0)] == [40, 99, 99, 99]
