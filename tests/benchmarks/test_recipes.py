import json
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from mnist_edge.benchmarks.recipes import RecipeResult, compare_recipes
from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import ModelError, OutputError, UsageError
from mnist_edge.evaluate import evaluate
from mnist_edge.opencv import cv2

pytestmark = pytest.mark.slow

NAMES, SEEDS = ("mlp", "two-conv"), (0, 1)


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A few digits: what is compared here need not be good."""
    digits = sklearn_digits()
    return replace(digits, training=digits.training.take(np.arange(600)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipes")


@pytest.fixture(scope="module")
def results(data: Dataset, folder: Path) -> list[RecipeResult]:
    return compare_recipes(NAMES, data, folder, seeds=SEEDS, epochs=3, batch_size=64)


def trained_at(folder: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.rglob("model.keras")}


def test_one_result_a_recipe_and_one_run_a_seed(results: list[RecipeResult], folder: Path) -> None:
    assert [result.recipe for result in results] == list(NAMES)
    assert all([run.seed for run in result.runs] == list(SEEDS) for result in results)
    assert set(trained_at(folder)) == {f"{name}-seed{seed}" for name in NAMES for seed in SEEDS}


def test_the_figures_are_those_of_the_files(results: list[RecipeResult], data: Dataset, folder: Path) -> None:
    for result in results:
        for run in result.runs:
            name = f"{result.recipe}-seed{run.seed}"
            keras, int8 = (evaluate(folder / one, data.test) for one in (name, f"{name}.int8.tflite"))
            assert (run.accuracy, run.int8_accuracy) == (keras.accuracy, int8.accuracy)
            assert run.loss == pytest.approx(keras.loss, rel=1e-5)
            assert 0.9 < run.agreement <= 1
            assert 1 <= run.kept_epoch <= run.epochs == 3
        last = folder / f"{result.recipe}-seed{SEEDS[-1]}.int8.tflite"
        assert result.int8_bytes == last.stat().st_size
    assert [(result.parameters, result.macs) for result in results] == [(101_770, 101_632), (225_034, 2_631_040)]
    assert [result.published_percent for result in results] == [97.0, 99.0]


def test_means_are_over_the_seeds(results: list[RecipeResult]) -> None:
    for result in results:
        assert result.mean_of("accuracy") == pytest.approx(mean(run.accuracy for run in result.runs))


def test_the_files_hold_the_same(results: list[RecipeResult], data: Dataset, folder: Path) -> None:
    document = json.loads((folder / "recipes.json").read_text())
    assert (document["data"], document["sha256"], document["test_images"]) == (data.name, data.sha256, len(data.test))
    assert document["recipes"] == json.loads(json.dumps([result.to_json() for result in results]))
    picture = cv2.imread(str(folder / "recipes.png"))
    assert picture is not None and picture.std() > 5


def test_finished_runs_are_not_trained_again(results: list[RecipeResult], data: Dataset, folder: Path) -> None:
    before = trained_at(folder)
    again = compare_recipes(NAMES, data, folder, seeds=SEEDS, epochs=3, batch_size=64)
    assert again == results
    assert trained_at(folder) == before


def test_other_settings_train_anew_only_with_force(data: Dataset, tmp_path: Path) -> None:
    compare_recipes(("mlp",), data, tmp_path, seeds=(0,), epochs=1)
    first = trained_at(tmp_path)
    compare_recipes(("mlp",), data, tmp_path, seeds=(0, 1), epochs=1)
    assert trained_at(tmp_path)["mlp-seed0"] == first["mlp-seed0"]
    with pytest.raises(OutputError, match=r"epochs 2, not 1; .*--force"):
        compare_recipes(("mlp",), data, tmp_path, seeds=(0,), epochs=2)
    assert trained_at(tmp_path)["mlp-seed0"] == first["mlp-seed0"]
    compare_recipes(("mlp",), data, tmp_path, seeds=(0,), epochs=2, force=True)
    assert trained_at(tmp_path)["mlp-seed0"] > first["mlp-seed0"]


def test_an_interruption_says_what_to_do_and_is_made_good(data: Dataset, tmp_path: Path) -> None:
    def interrupt(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise KeyboardInterrupt

    with pytest.raises(ModelError, match="interrupted during mlp, seed 0; the same command"):
        compare_recipes(("mlp",), data, tmp_path, epochs=3, progress=interrupt)
    assert not (tmp_path / "recipes.json").exists()
    (result,) = compare_recipes(("mlp",), data, tmp_path, epochs=3)
    assert result.runs[0].epochs == 3


def test_an_unknown_recipe(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'resnet'"):
        compare_recipes(("resnet",), data, tmp_path)
