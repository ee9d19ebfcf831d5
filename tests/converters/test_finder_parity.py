"""Two finders are compared by what they find: missed, moved and misread digits each show in a figure of their own."""

import numpy as np
import pytest

from mnist_edge.converters.finder_parity import FinderTolerance, compare_finders
from mnist_edge.detection import CHANNELS
from mnist_edge.errors import CheckFailed

ANY, STRICT = FinderTolerance(0.0, 0.0), FinderTolerance(0.99, 0.95)
PLACES = [(1, 1), (1, 5), (5, 2)]


def output(labels: tuple[int, ...] = (3, 4, 5), score: float = 5.0, right: float = 0.0) -> np.ndarray:
    """One digit of 16 pixels a place, so many cells to the right of the middle of the first of its four cells."""
    cells = np.zeros((8, 8, 4, CHANNELS), np.float32)
    cells[..., 0] = -9
    for place, label in zip(PLACES, labels, strict=False):
        cells[(*place, 0)] = 0
        cells[(*place, 0, 0)], cells[(*place, 0, 1 + label)], cells[(*place, 0, 11)] = score, 9, right
    return cells.reshape(8, 8, 4 * CHANNELS)


def test_the_same_output_agrees_in_full() -> None:
    parity = compare_finders([output(), output()], [output(), output()], STRICT)
    assert (parity.levels, parity.detections, parity.failures) == (2, 6, ())
    assert parity.agreement == parity.same_digit == 1 and parity.iou == pytest.approx(1)


def test_nothing_to_find_agrees_too() -> None:
    parity = compare_finders([output(())], [output(())], STRICT)
    assert (parity.detections, parity.agreement, parity.iou, parity.same_digit) == (0, 1, 1, 1)


def test_a_digit_that_is_missed_lowers_the_agreement() -> None:
    parity = compare_finders([output()], [output((3, 4))], STRICT)
    assert parity.agreement == pytest.approx(2 * 2 / (3 + 2))
    with pytest.raises(
        CheckFailed, match=r"^of the digits that either finds both find 80\.00%, less than 99\.00%; no$"
    ):
        parity.raise_if_failed("no")


def test_boxes_that_moved_overlap_less() -> None:
    # 4 of 16 pixels.
    parity = compare_finders([output()], [output(right=1)], STRICT)
    assert parity.agreement == 1 and parity.iou == pytest.approx(12 / 20, abs=1e-3)
    assert parity.failures == ("their boxes overlap by 0.600, less than 0.950",)


def test_boxes_that_are_elsewhere_are_other_digits() -> None:
    assert compare_finders([output()], [output(right=3)], ANY).agreement == 0


def test_another_digit_shows_but_may_be() -> None:
    parity = compare_finders([output()], [output((3, 4, 6))], STRICT)
    assert parity.same_digit == pytest.approx(2 / 3) and not parity.failures
