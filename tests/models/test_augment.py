import numpy as np
import pytest

from mnist_edge.classifier import as_input
from mnist_edge.dataset import Dataset
from mnist_edge.models.augment import augmented_batches, pen, thicken, thin, warp
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import find_recipe


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


def test_batches_mix_digits_with_unlabelled_strangers(digits: Dataset) -> None:
    recipe = find_recipe("small").with_overrides(None, 100)
    batches = augmented_batches(recipe, digits.training, seed=0)
    images, labels = batches[0]
    assert images.shape == (112, 28, 28, 1)
    assert np.allclose(labels.sum(axis=1), 1)
    assert (labels[:100].max(axis=1) == 1).all()
    assert np.allclose(labels[100:], 0.1)
    first_epoch = batches[0][0]
    batches.on_epoch_end()
    assert not np.array_equal(first_epoch, batches[0][0])
    assert sum(len(batches[k][1]) for k in range(len(batches))) >= len(digits.training)
