from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.batches import TEACHER_EPOCHS, TEACHER_SHARE, augmented_batches
from mnist_edge.models.recipes import Recipe, find_recipe


@pytest.fixture
def recipe() -> Recipe:
    return find_recipe("large").with_overrides(None, 100)


def test_digits_with_labels_and_non_digits_without(digits: Dataset, recipe: Recipe) -> None:
    batches = augmented_batches(recipe, digits.training, seed=0)
    images, labels = batches[0]
    assert images.shape == (110, 28, 28, 1)
    assert np.allclose(labels.sum(axis=1), 1)
    assert (labels[:100].max(axis=1) == 1).all()
    assert np.allclose(labels[100:], 0.1)


def test_an_epoch_shows_each_digit_once_and_the_next_differs(digits: Dataset, recipe: Recipe) -> None:
    batches = augmented_batches(recipe, digits.training, seed=0)
    labels = np.concatenate([batches[k][1] for k in range(len(batches))])
    seen = labels[labels.max(axis=1) == 1].argmax(axis=1)
    assert np.array_equal(np.bincount(seen, minlength=10), np.bincount(digits.training.labels, minlength=10))
    first = batches[0][0]
    batches.on_epoch_end()
    assert not np.array_equal(first, batches[0][0])


def test_starting_later_is_the_same_as_having_gone_on(digits: Dataset, recipe: Recipe) -> None:
    through, later = (augmented_batches(recipe, digits.training, 3, None, epoch) for epoch in (0, 2))
    through.on_epoch_end()
    through.on_epoch_end()
    assert all(np.array_equal(a, b) for a, b in zip(through[1], later[1], strict=True))


def test_a_teacher_is_mixed_in_and_asked_once_about_each_image(digits: Dataset, recipe: Recipe) -> None:
    asked = []

    def teacher(images: np.ndarray) -> np.ndarray:
        asked.append(images)
        return np.tile(np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0], np.float32), (len(images), 1))

    split = replace(digits.training, images=digits.training.images[:300], labels=digits.training.labels[:300])
    batches = augmented_batches(recipe, split, 0, teacher)
    images, labels = batches[0]
    assert np.array_equal(asked[0], images[:100])
    true = split.labels[batches.order[100 * batches.batch_order[0] :][:100]]
    mixed = (1 - TEACHER_SHARE) * (true == 0) + TEACHER_SHARE * 0.5
    assert np.allclose(labels[:100, 0], mixed, atol=1e-3)
    assert np.allclose(labels[100:], 0.1)
    first_pass = {batches[k][0].tobytes() for k in range(3)}
    for _ in range(TEACHER_EPOCHS):
        batches.on_epoch_end()
    assert {batches[k][0].tobytes() for k in range(3)} == first_pass
    assert len(asked) == 3


def test_the_last_epochs_are_gentle_and_never_a_strong_version_again(digits: Dataset, recipe: Recipe) -> None:
    def distance(epoch: int) -> float:
        batches = augmented_batches(recipe, digits.training, 0, teacher, epoch)
        chosen = batches.order[100 * batches.batch_order[0] :][:100]
        clean = digits.training.images[chosen] / 255
        return float(np.abs(batches[0][0][:100] - clean).mean())

    def teacher(images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 10), 0.1, np.float32)

    recipe = replace(recipe, epochs=8, gentle_share=0.25)
    assert max(distance(6), distance(7)) < 0.8 * min(distance(4), distance(5))
    assert distance(6) != distance(7)
