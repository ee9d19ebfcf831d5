"""Crops of generated pages in a training: who has them, what they are there, and that they belong to its identity."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models import run_settings, train
from mnist_edge.models.batches import FOUND_SHARE, NON_DIGIT_SHARE, AugmentedBatches
from mnist_edge.models.found_crops import NONE, FoundCrops, crops_key, read_crops, write_crops
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.run_settings import RunSettings, read_settings

IMAGES = np.arange(5, dtype=np.uint8)[:, None, None] + np.zeros((5, 28, 28), np.uint8)
LABELS = np.array([7, NONE, 0, NONE, 9], np.int64)
CROPS = FoundCrops(IMAGES, LABELS)


def test_crops_come_back(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "crops.npz"
    assert crops_key(path) is None
    write_crops(CROPS, path)
    images, labels = read_crops(path)
    assert np.array_equal(images, IMAGES) and np.array_equal(labels, LABELS) and CROPS.digits == 3
    key = crops_key(path)
    write_crops(CROPS, path)
    assert crops_key(path) == key
    write_crops(FoundCrops(IMAGES + 1, LABELS), path)
    assert crops_key(path) != key


def test_only_recipes_that_ask_for_them_have_them_and_only_beside_mnist(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_settings, "crops_key", lambda: "abc")
    mnist, mine, small = replace(digits, name="MNIST"), replace(digits, name="mine"), find_recipe("small")
    settings = RunSettings.of(small, mnist, 0)
    assert settings.found_crops == "abc"
    without = [RunSettings.of(find_recipe("mlp"), mnist, 0), RunSettings.of(small, mine, 0)]
    without += [RunSettings.of(small, mnist, 0, tmp_path), RunSettings.of(small.for_classes(("a", "b")), mnist, 0)]
    assert [one.found_crops for one in without] == [None] * 4
    settings.write(tmp_path)
    assert read_settings(tmp_path) == settings
    monkeypatch.setattr(run_settings, "crops_key", lambda: None)
    assert settings.differences(RunSettings.of(small, mnist, 0)) == ["crops of pages None, not abc"]


def test_a_training_has_them_beside_its_own_images(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_settings, "crops_key", lambda: "abc")
    monkeypatch.setattr(train, "read_crops", lambda: CROPS)
    seen = []

    def caught(recipe: object, split: object, *rest: object) -> None:
        seen.append((split, rest[-1]))
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "augmented_batches", caught)
    recipe = replace(find_recipe("small"), epochs=1, pen_digits=0)
    data = replace(digits, name="MNIST")
    with pytest.raises(KeyboardInterrupt):
        train.train(recipe, data, tmp_path / "run")
    ((split, crops),) = seen
    assert len(split) == len(data.with_validation(recipe.validation_images).training)  # type: ignore[arg-type]
    assert crops is CROPS


def test_a_batch_shows_some_warped_and_no_more(digits: Dataset) -> None:
    recipe = replace(find_recipe("small"), batch_size=100)
    # Only warping leaves what is white all over as white as this in the middle.
    crops = FoundCrops(np.full((2, 28, 28), 255, np.uint8), np.array([7, NONE]))
    without = AugmentedBatches(recipe, digits.training, 0, None, 0, digits.classes)[0]
    images, labels = AugmentedBatches(recipe, digits.training, 0, None, 0, digits.classes, crops)[0]
    shown = len(without[0])
    assert shown == 100 + round(100 * NON_DIGIT_SHARE) and len(images) == shown + round(100 * FOUND_SHARE)
    assert np.array_equal(images[:shown], without[0]) and np.array_equal(labels[:shown], without[1])
    assert images[shown:, 8:20, 8:20].min() == 1 and images[shown:, [0, -1]].min() < 0.5
    is_seven = labels[shown:, 7] == 1
    assert 0 < is_seven.sum() < len(is_seven) and np.allclose(labels[shown:][~is_seven], 0.1)
