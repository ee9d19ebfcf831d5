"""Digits are traced to what can be read, and drawn with the pen that was asked for."""

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import DataError
from mnist_edge.models.pages.tracing import is_legible, trace
from mnist_edge.opencv import cv2
from mnist_edge.strokes import Pen, render, resample


@pytest.fixture
def split(digits: Dataset) -> Split:
    return digits.validation


def drawn(image: np.ndarray, size: float, pen: Pen) -> np.ndarray:
    return render([stroke * size for stroke in trace(image)], pen, np.random.default_rng(1))[0]


def test_a_digit_is_traced_to_lines_of_height_one(split: Split) -> None:
    for image in split.images[:40, :, :, 0]:
        points = np.concatenate(trace(image))
        assert points.min(axis=0) == pytest.approx([0, 0], abs=0.02)
        assert points[:, 1].max() <= 1.02
        assert max(points[:, 1].max(), points[:, 0].max() / 2) == pytest.approx(1, abs=0.02)
        assert points[:, 0].max() <= 2.02


def test_what_is_drawn_looks_like_what_was_traced(split: Split) -> None:
    """Of the ink most is where it was, in every class: no loop opened, no stroke forgotten."""
    overlaps = []
    for image, label in zip(split.images[:150, :, :, 0], split.labels, strict=False):
        if not is_legible(image, int(label)):
            continue
        ink = cv2.resize(image[_tight(image > 100)], (60, 84), interpolation=cv2.INTER_CUBIC) > 100
        again = drawn(image, 100, Pen(13))
        again = cv2.resize(again[_tight(again > 128)], (60, 84), interpolation=cv2.INTER_AREA) > 128
        overlaps.append((ink & again).sum() / (ink | again).sum())
    assert len(overlaps) > 40
    assert np.median(overlaps) > 0.55
    assert np.percentile(overlaps, 5) > 0.3


def _tight(ink: np.ndarray) -> tuple[slice, slice]:
    x, y, width, height = cv2.boundingRect(np.asarray(ink, np.uint8))
    return slice(y, y + height), slice(x, x + width)


def test_a_loop_that_is_filled_in_is_not_legible() -> None:
    ring, disc = np.zeros((2, 28, 28), np.uint8)
    cv2.circle(ring, (14, 14), 8, 255, 2)
    cv2.circle(disc, (14, 14), 8, 255, -1)
    assert is_legible(ring, 0)
    assert not is_legible(ring, 8)
    assert not is_legible(disc, 0)


def test_an_empty_image_is_one_line() -> None:
    with pytest.raises(DataError, match="no ink"):
        trace(np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize("at", [(14, 14), (0, 0), (27, 13)])
def test_a_single_dot_is_drawn(at: tuple[int, int]) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[at] = 255
    assert drawn(image, 30, Pen(3)).max() > 128


@pytest.mark.parametrize("width", [1.5, 3.0, 12.0, 40.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.57])
def test_a_stroke_is_as_wide_as_its_pen_and_where_it_was_put(width: float, angle: float) -> None:
    ends = np.array([(50.0, 70.0), (50 + 300 * np.cos(angle), 70 + 300 * np.sin(angle))])
    ink, x, y = render([ends], Pen(width), np.random.default_rng(0))
    area = ink.sum() / 255
    assert area == pytest.approx(300 * width + np.pi * width**2 / 4, rel=0.2)
    left, top, right, bottom = cv2.boundingRect(np.asarray(ink > 128, np.uint8))
    middle = np.array([left + (right - 1) / 2 + x, top + (bottom - 1) / 2 + y])
    assert middle == pytest.approx(ends.mean(axis=0), abs=0.6)


def test_a_dry_pen_leaves_gaps_and_pressure_changes_the_width() -> None:
    line = [np.array([(0.0, 0.0), (400.0, 0.0)])]
    full = render(line, Pen(10), np.random.default_rng(0))[0]
    dry = render(line, Pen(10, dry=0.6), np.random.default_rng(0))[0]
    pressed = render(line, Pen(10, pressure=0.6), np.random.default_rng(0))[0]
    assert 0.3 < dry.sum() / full.sum() < 0.95
    widths = (pressed > 128).sum(axis=0)
    assert np.ptp(widths[20:-20]) >= 3
    thin = render(line, Pen(2, dry=0.6), np.random.default_rng(0))[0]
    assert (thin.max(axis=0)[10:-10] < 64).any()


def test_resampled_points_are_evenly_apart() -> None:
    path = resample(np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 9.0)]), 0.5)
    assert np.hypot(*np.diff(path, axis=0).T) == pytest.approx(np.full(20, 0.5))
    assert (path[0] == (0, 0)).all() and (path[-1] == (1, 9)).all()
    assert len(resample(np.array([(3.0, 3.0), (3.0, 3.0)]), 1.0)) == 2


def test_an_image_is_traced_once_and_its_lines_cannot_be_changed_by_accident(digits: Dataset) -> None:
    image = digits.validation.images[3, :, :, 0]
    first, second = trace(image), trace(image.copy())
    assert all(one is other for one, other in zip(first, second, strict=True))
    with pytest.raises(ValueError, match="read-only"):
        first[0] += 1
