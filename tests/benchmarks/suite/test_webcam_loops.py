import numpy as np
import pytest

from mnist_edge.benchmarks.suite.webcam_loops import LOOPS
from mnist_edge.opencv import cv2


@pytest.mark.parametrize("name", LOOPS)
def test_each_finds_a_digit_on_a_plain_page_and_cuts_it_out(name: str) -> None:
    page = np.full((120, 160, 3), 220, np.uint8)
    cv2.putText(page, "7", (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 20), 5)
    boxes, crops = LOOPS[name][0](page)
    assert len(boxes) == 1 and crops.shape == (1, 28, 28) and crops.dtype == np.uint8
    assert 60 <= boxes[0].x < 75 and 30 <= boxes[0].height <= 50
    # Ink is light, as in MNIST.
    assert crops[0].max() > 150 and np.median(crops[0]) < 60


@pytest.mark.parametrize("name", LOOPS)
def test_an_empty_page_has_none(name: str) -> None:
    boxes, crops = LOOPS[name][0](np.full((120, 160, 3), 220, np.uint8))
    assert not boxes and crops.shape == (0, 28, 28)


def test_a_digit_at_the_border_is_cut_out_as_far_as_it_is_seen() -> None:
    page = np.full((120, 160, 3), 220, np.uint8)
    page[0:40, 0:8] = 20
    boxes, crops = LOOPS["webcam, fixed"][0](page)
    assert len(boxes) == len(crops) == 1 and (boxes[0].x, boxes[0].y) == (0, 0)
