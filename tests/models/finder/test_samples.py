"""A sample shows what its targets say: ink where a digit's middle is, at the scale of the finder."""

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.detection import HIGHEST, LOWEST, STRIDE, UNIT
from mnist_edge.models.finder import samples
from mnist_edge.models.finder.samples import SIDE, StoredPage, batch, take_sample
from mnist_edge.models.finder.targets import BOX, CHANNELS, SCORE, SURE, WEIGHT
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2


def stored(digits: Dataset, conditions: Conditions, seed: int) -> StoredPage:
    page = draw_page(digits.validation, seed, conditions, width=640, height=480)
    boxes = np.array([digit.box for digit in page.digits], np.float32).reshape(-1, 4)
    labels = np.array([digit.label for digit in page.digits], int)
    dark = sum(conditions.ink) > sum(conditions.paper)
    return StoredPage(cv2.imencode(".png", page.image)[1].tobytes(), boxes, labels, dark)


@pytest.fixture(scope="module")
def pages(digits: Dataset) -> list[StoredPage]:
    board = Conditions(rows=2, columns=5, surface="chalkboard", ink=(235, 240, 240), paper=(52, 50, 48))
    return [
        stored(digits, Conditions(rows=3, columns=6, noise=1.0), 1),
        stored(digits, board, 2),
        stored(digits, Conditions(rows=1, columns=1, size=0.7), 3),
    ]


@pytest.mark.parametrize("index", range(3))
def test_boxes_of_a_sample_hold_ink_and_have_the_size_that_is_found(pages: list[StoredPage], index: int) -> None:
    found = 0
    for seed in range(25):
        level, target = take_sample(pages[index], np.random.default_rng(seed))
        assert level.shape == (SIDE, SIDE, 1) and level.dtype == np.uint8
        half = SIDE // STRIDE // 2
        cells = (
            target.reshape(half, half, 2, 2, CHANNELS).transpose(0, 2, 1, 3, 4).reshape(2 * half, 2 * half, CHANNELS)
        )
        for row, column in np.argwhere(cells[..., SCORE] == 1):
            x, y = (np.array([column, row]) + 0.5 + cells[row, column, BOX][:2]) * STRIDE
            width, height = UNIT * np.exp(cells[row, column, BOX][2:])
            assert LOWEST - 0.1 <= max(width, height) <= HIGHEST + 0.1
            left, top, right, bottom = (int(v) for v in (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
            if left < 0 or top < 0 or right >= SIDE or bottom >= SIDE:
                continue
            inside = level[top : bottom + 1, left : right + 1, 0]
            around = level[max(0, top - 6) : bottom + 7, max(0, left - 6) : right + 7, 0]
            assert np.percentile(inside, 95) > 2 * np.median(around) + 20
            found += 1
    assert found >= 10


def test_a_batch_is_reproducible_and_varied(pages: list[StoredPage]) -> None:
    inputs, targets = batch(pages, 6, np.random.default_rng(4))
    assert inputs.shape == (6, SIDE, SIDE, 1) and inputs.dtype == np.float32 and 0 <= inputs.min() <= inputs.max() <= 1
    again = batch(pages, 6, np.random.default_rng(4))
    np.testing.assert_array_equal(inputs, again[0])
    np.testing.assert_array_equal(targets, again[1])
    assert len({image.tobytes() for image in inputs}) == 6


@pytest.mark.parametrize("index", range(2))
def test_in_the_wrong_polarity_no_digit_is_to_be_found(
    pages: list[StoredPage], index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sample(seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
        monkeypatch.setattr(samples, "WRONG_POLARITY", share)
        level, target = take_sample(pages[index], np.random.default_rng(seed))
        return level[..., 0], target.reshape(-1, CHANNELS)

    for seed in range(8):
        right, digits = sample(seed, 0.0)
        wrong, none = sample(seed, 1.0)
        assert not none[:, (SCORE, SURE)].any() and (none[:, WEIGHT] == 1).all()
        if (digits[:, SCORE] == 1).sum() > 3:
            # The strokes are now the paper.
            assert wrong[right > 0.8 * right.max()].mean() < 0.3 * right[right > 0.8 * right.max()].mean()


def test_crops_of_any_place_and_scale_have_the_size_of_a_sample(
    pages: list[StoredPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "ON_DIGITS", 0.0)
    for seed in range(40):
        level, target = take_sample(pages[seed % 3], np.random.default_rng(seed))
        assert level.shape == (SIDE, SIDE, 1) and np.isfinite(target).all()
