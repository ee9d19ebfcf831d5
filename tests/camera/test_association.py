"""Digits of two frames are paired by place and size, and a page moves as a whole."""

import numpy as np
import pytest

from mnist_edge.camera.association import Places, associate, common_motion, find_jump
from mnist_edge.reading import Box


def places(*boxes: Box) -> Places:
    return Places.of([(complex(*box.centre), box.width, box.height, label) for label, box in enumerate(boxes)])


def test_boxes_pair_with_the_nearest_of_their_size() -> None:
    before = places(Box(0, 0, 20, 40), Box(50, 0, 20, 40))
    assert associate(before, places(Box(52, 1, 20, 40), Box(3, 0, 20, 40))) == {0: 1, 1: 0}
    assert associate(before, places(Box(0, 0, 60, 120))) == {}
    assert associate(before, places()) == associate(places(), before) == {}


def test_a_jump_is_found_where_equal_labels_agree_on_it() -> None:
    before = places(Box(0, 0, 20, 40), Box(50, 0, 20, 40), Box(100, 0, 20, 40))
    assert find_jump(before, before.moved(60 + 20j)) == 60 + 20j
    assert find_jump(before, before.moved(160 + 20j)) is None
    assert find_jump(places(Box(0, 0, 20, 40)), places(Box(30, 0, 20, 40))) is None


def test_the_motion_of_a_page_is_shift_turn_and_zoom() -> None:
    centres = np.array([0, 100, 100j])
    turn = 1.1 * np.exp(0.1j)
    assert common_motion(centres, turn * centres + 5) == pytest.approx((turn, 5))
    assert common_motion(centres[:2], centres[:2] + 3j) == pytest.approx((1, 3j))
