"""Crops of generated pages in a training: who has them, what they are there, and that they belong to its identity."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models import run_settings, train
from mnist_edge.models.batches import NON_DIGIT_SHARE, AugmentedBatches
from mnist_edge.models.found_crops import NONE, crops_key, read_crops, write_crops
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.run_settings import RunSettings, read_settings

IMAGES = np.arange(5, dtype=np.uint8)[:, None, None] + np.zeros((5, 28, 28), np.uint8)
LABELS = np.array([7, NONE, 0, NONE, 9], np.int64)


def test_crops_come_back(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "crops.npz"
    assert crops_key(path) is None
    write_crops(IMAGES, LABELS, path)
    digits, others = read_crops(path)
    assert digits.labels.tolist() == [7, 0, 9] and digits.images[:, 0, 0, 0].tolist() == [0, 2, 4]
    assert others[:, 0, 0].tolist() == [1, 3]
    key = crops_key(path)
    write_crops(IMAGES, LABELS, path)
    assert crops_key(path) == key
    write_crops(IMAGES + 1, LABELS, path)
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


def test_a_training_sees_both_kinds(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_settings, "crops_key", lambda: "abc")
    crops = digits.validation.take(np.arange(3)), IMAGES[:2]
    monkeypatch.setattr(train, "read_crops", lambda: crops)
    seen = []

    def caught(recipe: object, split: object, *rest: object) -> None:
        seen.append((split, rest[-1]))
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "augmented_batches", caught)
    recipe = replace(find_recipe("small"), epochs=1, pen_digits=0)
    data = replace(digits, name="MNIST")
    with pytest.raises(KeyboardInterrupt):
        train.train(recipe, data, tmp_path / "run")
    ((split, others),) = seen
    training = data.with_validation(recipe.validation_images).training
    assert len(split) == len(training) + 3  # type: ignore[arg-type]
    assert others is crops[1]


def test_twice_as_many_non_digits_where_some_were_found(digits: Dataset) -> None:
    recipe = replace(find_recipe("small"), batch_size=100)
    found = np.full((4, 28, 28), 200, np.uint8)
    counts = {}
    for name, others in (("drawn", None), ("found", found)):
        batches = AugmentedBatches(recipe, digits.training, 0, None, 0, digits.classes, others)
        _, labels = batches[0]
        counts[name] = int(np.isclose(labels, 0.1).all(axis=1).sum())
    assert counts == {"drawn": round(100 * NON_DIGIT_SHARE), "found": round(200 * NON_DIGIT_SHARE)}
