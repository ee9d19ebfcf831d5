"""Each digit of the right size has one cell that is its middle, and cells that know its label and box."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.detection import HIGHEST, LOWEST, STRIDE, UNIT
from mnist_edge.models.finder.targets import BOX, CHANNELS, LABEL, NEARLY_HIGHEST, SCORE, SURE, WEIGHT, make_targets

SIDE = 64


def cells(*boxes: tuple[float, float, float, float], labels: tuple[int, ...] = ()) -> NDArray[np.float32]:
    """The targets by cell, shape (SIDE / 4, SIDE / 4, 8)."""
    given = np.array(boxes, np.float32).reshape(-1, 4)
    target = make_targets(given, np.array(labels or [3] * len(boxes)), SIDE)
    half = SIDE // STRIDE // 2
    assert target.shape == (half, half, 4 * CHANNELS)
    return target.reshape(half, half, 2, 2, CHANNELS).transpose(0, 2, 1, 3, 4).reshape(2 * half, 2 * half, CHANNELS)


def test_the_cell_of_the_middle_has_score_one_and_leads_back_to_the_box() -> None:
    box = (20.0, 30.0, 12.0, 18.0)
    target = cells(box, labels=(7,))
    rows, columns = np.nonzero(target[..., SCORE] == 1)
    assert (rows.tolist(), columns.tolist()) == ([39 // STRIDE], [26 // STRIDE])
    sure = np.argwhere(target[..., SURE] == 1)
    assert 3 <= len(sure) <= 9
    for row, column in sure:
        cell = target[row, column]
        x, y = (column + 0.5 + cell[BOX][0]) * STRIDE, (row + 0.5 + cell[BOX][1]) * STRIDE
        width, height = UNIT * np.exp(cell[BOX][2:])
        assert (x, y, width, height) == pytest.approx((26, 39, 12, 18), abs=1e-3) and cell[LABEL] == 7
    assert (target[..., WEIGHT] == 1).all()


def test_two_that_touch_keep_a_middle_each_and_cells_go_to_the_nearer() -> None:
    target = cells((20, 20, 5, 18), (26, 20, 5, 18), labels=(1, 4))
    assert (target[..., SCORE] == 1).sum() == 2
    labels = target[..., LABEL][target[..., SURE] == 1]
    assert set(labels.tolist()) == {1, 4}


@pytest.mark.parametrize(
    ("side", "found", "ignored"),
    [(5.0, 0, 0), (LOWEST - 1, 0, 25), (LOWEST, 1, 0), (HIGHEST - 0.1, 1, 0), (HIGHEST, 0, 25), (NEARLY_HIGHEST, 0, 0)],
)
def test_only_digits_of_this_scale_are_found_and_those_almost_of_it_count_neither_way(
    side: float, found: int, ignored: int
) -> None:
    target = cells((32 - side / 2, 32 - side / 2, 6, side))
    assert (target[..., SCORE] == 1).sum() == found
    assert (target[..., WEIGHT] == 0).sum() == ignored


def test_a_digit_outside_the_picture_leaves_no_middle_in_it() -> None:
    assert (cells((-40, 10, 12, 18))[..., SURE] == 0).all()
    assert (cells((-8, 10, 14, 18))[..., SCORE] < 1).all()
    assert (cells()[..., SCORE] == 0).all()
