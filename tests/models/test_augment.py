import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.augment import blur, camera, pen, thicken, thin, warp
from mnist_edge.models.non_digits import non_digits
from mnist_edge.tensors import as_input


@pytest.fixture
def images(digits: Dataset) -> np.ndarray:
    return as_input(digits.training.images[:64])[..., 0]


def test_augmented_digits_stay_in_range_and_differ(images: np.ndarray) -> None:
    changed = pen(images, np.random.default_rng(0))
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert np.abs(changed - images).mean(axis=(1, 2)).min() > 0.005


def test_the_same_generator_gives_the_same_pictures(images: np.ndarray) -> None:
    first, second = (pen(images, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_warping_moves_ink_but_hardly_loses_it(images: np.ndarray) -> None:
    warped = warp(images, np.random.default_rng(0))
    ratio = warped.sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert ratio.min() > 0.6
    assert ratio.max() < 1.6


def test_thicker_and_thinner(images: np.ndarray) -> None:
    assert (thicken(images) >= images).all()
    assert (thin(images) <= images).all()
    assert thicken(images).sum() > 1.2 * images.sum() > 1.2 * thin(images).sum()


def test_non_digits_are_normalised_and_varied(digits: Dataset) -> None:
    pictures = non_digits(digits.training, seed=0, count=60)
    assert pictures.shape == (60, 28, 28)
    assert (pictures.max(axis=(1, 2)) == 255).all()
    assert len({picture.tobytes() for picture in pictures}) == 60
    assert np.array_equal(pictures, non_digits(digits.training, seed=0, count=60))


def test_most_digits_stay_as_clean_as_the_data(images: np.ndarray) -> None:
    many = np.tile(images, (20, 1, 1))
    warped = warp(many, np.random.default_rng(2))
    share = np.mean([np.array_equal(a, b) for a, b in zip(warped, pen(many, np.random.default_rng(2)), strict=True)])
    assert 0.5 < share < 0.7


def test_the_camera_pales_and_breaks_but_leaves_ink(images: np.ndarray) -> None:
    seen = camera(np.tile(images, (20, 1, 1)), np.random.default_rng(3))
    assert seen.min() >= 0
    peaks = seen.max(axis=(1, 2))
    assert peaks.min() > 0.1
    assert 0.6 < np.median(peaks) < 0.9
    assert (seen.sum(axis=(1, 2)) > 5).all()


def test_blur_keeps_the_ink_and_lowers_the_peak(images: np.ndarray) -> None:
    assert blur(images).sum() == pytest.approx(images.sum(), rel=0.01)
    assert blur(images).max(axis=(1, 2)).mean() < images.max(axis=(1, 2)).mean()


def test_at_half_strength_digits_stay_nearer_to_themselves(images: np.ndarray) -> None:
    def moved(strength: float) -> float:
        return float(np.abs(pen(images, np.random.default_rng(0), strength) - images).mean())

    assert np.allclose(pen(images, np.random.default_rng(0), 0), images, atol=1e-5)
    assert 0 < moved(0.5) < 0.8 * moved(1)
