"""A training can be gone on with whenever it was killed, and nothing of another is replaced unasked."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import ModelError, OutputError, UsageError
from mnist_edge.keras_files import load_keras_model
from mnist_edge.locks import exclusive
from mnist_edge.models.checkpoint import STATE
from mnist_edge.models.recipes import RECIPES, Recipe, find_recipe
from mnist_edge.models.resume import is_finished, newest_unfinished, unfinished_settings
from mnist_edge.models.run import Run, finished_run
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.models.train import train
from mnist_edge.shipped_models import resolve

SEED = 5
STARTED = {"settings.json"}
FIRST_MODEL = STARTED | {"model.keras"}
FIRST_EPOCH = FIRST_MODEL | {STATE}
PLOTS = {"curves.png", "confusion.png"}
FINISHED = FIRST_MODEL | PLOTS | {"metrics.json"}


@pytest.fixture(scope="module")
def small_digits() -> Dataset:
    return sklearn_digits()


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Augmented, so that it goes on in the middle."""
    pen = replace(find_recipe("mlp"), augmentation="pen", loss="categorical_crossentropy", learning_rate=0.02)
    return replace(pen, epochs=3, batch_size=500)


@pytest.fixture(scope="module")
def whole(recipe: Recipe, small_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run, and a folder that holds what lay in its folder after each epoch, numbered from 1."""
    folder, kept = tmp_path_factory.mktemp("whole") / "run", tmp_path_factory.mktemp("epochs")

    def keep(done: float, total: float, note: str = "") -> None:
        if done == int(done) > 0:
            shutil.copytree(folder, kept / f"{done:g}", dirs_exist_ok=True)

    return train(recipe, small_digits, folder, seed=SEED, progress=keep), kept


def weights(run: Run) -> list[np.ndarray]:
    return load_keras_model(run.model).get_weights()  # type: ignore[no-any-return]


@pytest.mark.parametrize("left", [STARTED, FIRST_MODEL, FIRST_EPOCH], ids=["settings", "model", "state"])
def test_killed_between_any_two_files_of_an_epoch(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path, left: set[str]
) -> None:
    run, epochs = whole
    for name in left:
        shutil.copy(epochs / "1" / name, tmp_path / name)
    assert not is_finished(tmp_path)
    resumed = train(recipe, small_digits, tmp_path, seed=SEED, resume=True)
    assert resumed.epochs == run.epochs
    assert all(np.array_equal(a, b) for a, b in zip(weights(run), weights(resumed), strict=True))
    assert {path.name for path in tmp_path.iterdir()} == FINISHED


@pytest.mark.parametrize("left", [set(), PLOTS, PLOTS | {"metrics.json"}], ids=["none", "plots", "metrics"])
def test_killed_while_the_report_is_written(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path, left: set[str]
) -> None:
    run, epochs = whole
    for source, names in ((epochs / f"{recipe.epochs}", FIRST_EPOCH), (run.folder, left)):
        for name in names:
            shutil.copy(source / name, tmp_path / name)
    assert finished_run(tmp_path, recipe, small_digits, SEED) is None
    trained: list[float] = []
    resumed = train(
        recipe,
        small_digits,
        tmp_path,
        seed=SEED,
        resume=True,
        progress=lambda done, total, note="": trained.append(done),
    )
    assert (resumed.epochs, trained) == (run.epochs, [])
    assert {path.name for path in tmp_path.iterdir()} == FINISHED
    assert finished_run(tmp_path, recipe, small_digits, SEED) is not None


def test_killed_after_patience_had_run_out(small_digits: Dataset, recipe: Recipe, tmp_path: Path) -> None:
    def killed(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise RuntimeError

    impatient = replace(recipe, patience=0)
    with pytest.raises(RuntimeError):
        train(impatient, small_digits, tmp_path, progress=killed)
    assert len(train(impatient, small_digits, tmp_path, resume=True).epochs) == 1


def test_settings_are_there_before_the_first_step(small_digits: Dataset, recipe: Recipe, tmp_path: Path) -> None:
    def killed(done: float, total: float, note: str = "") -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        train(recipe, small_digits, tmp_path / "run", seed=SEED, progress=killed)
    assert {path.name for path in (tmp_path / "run").iterdir()} == STARTED
    assert read_settings(tmp_path / "run") == RunSettings.of(recipe, small_digits, SEED)
    # Nothing was trained: another training may start there.
    assert train(replace(recipe, epochs=1), small_digits, tmp_path / "run").seed == 0


@pytest.mark.parametrize("name", RECIPES)
def test_settings_come_back_as_they_were(name: str, small_digits: Dataset, tmp_path: Path) -> None:
    settings = RunSettings.of(find_recipe(name), small_digits, 7, tmp_path / "extra")
    settings.write(tmp_path)
    found = read_settings(tmp_path)
    assert found == settings and found is not None
    assert (found.data.path, found.data.name) == (small_digits.path, small_digits.name)
    assert found.differences(settings) == []


def test_what_differs_is_named(whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path) -> None:
    shutil.copytree(whole[1] / "1", tmp_path, dirs_exist_ok=True)
    others = (
        (replace(recipe, epochs=9), small_digits, SEED, "epochs 9, not 3$"),
        (recipe, small_digits, 6, "seed 6, not 5$"),
        (
            recipe,
            replace(small_digits, name="mine", sha256="f" * 64),
            SEED,
            r"data mine \(ffffffffffff\), not scikit-learn",
        ),
        (replace(recipe, layers=()), small_digits, SEED, "this one has layers$"),
    )
    for other, data, seed, why in others:
        with pytest.raises(UsageError, match=why):
            train(other, data, tmp_path, seed=seed, resume=True)


def test_another_backend_is_another_training(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole[1] / "1", tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(UsageError, match="KERAS_BACKEND jax, not tensorflow"):
        train(recipe, small_digits, tmp_path, seed=SEED, resume=True)


def test_a_finished_training_is_not_resumed(whole: tuple[Run, Path]) -> None:
    with pytest.raises(UsageError, match="is finished"):
        unfinished_settings(whole[0].folder)


def test_a_damaged_state_is_not_trained_over(whole: tuple[Run, Path], tmp_path: Path) -> None:
    shutil.copytree(whole[1] / "1", tmp_path, dirs_exist_ok=True)
    (tmp_path / STATE).write_bytes(b"PK damaged")
    with pytest.raises(UsageError, match=r"is damaged.*--force"):
        unfinished_settings(tmp_path)


def test_the_newest_unfinished_training_is_found(whole: tuple[Run, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no training"):
        newest_unfinished(runs=tmp_path)
    shutil.copytree(whole[0].folder, tmp_path / "mlp-seed5")
    with pytest.raises(UsageError, match="mlp-seed5 is finished"):
        newest_unfinished(runs=tmp_path)
    for seed in (7, 6):
        shutil.copytree(whole[1] / "1", tmp_path / f"mlp-seed{seed}", copy_function=shutil.copy)
    assert newest_unfinished(runs=tmp_path) == newest_unfinished("mlp", runs=tmp_path) == tmp_path / "mlp-seed6"
    assert newest_unfinished(seed=7, runs=tmp_path) == tmp_path / "mlp-seed7"


@pytest.mark.parametrize("name", ["curves.png", "metrics.json", "settings.json", STATE])
def test_no_file_of_another_is_replaced(name: str, recipe: Recipe, small_digits: Dataset, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=f"{name} exists already"):
        train(recipe, small_digits, tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_with_force_nothing_of_the_run_before_stands_beside_the_new_settings(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path
) -> None:
    def killed(done: float, total: float, note: str = "") -> None:
        raise RuntimeError

    shutil.copytree(whole[0].folder, tmp_path, dirs_exist_ok=True)
    with pytest.raises(RuntimeError):
        train(replace(recipe, epochs=2), small_digits, tmp_path, force=True, progress=killed)
    assert {path.name for path in tmp_path.iterdir()} == STARTED
    assert json.loads((tmp_path / "settings.json").read_text())["recipe"]["epochs"] == 2


def test_a_run_that_was_killed_is_not_taken_for_a_finished_one(whole: tuple[Run, Path], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole[1] / "1", folder)
    for name in (folder, folder / "model.keras"):
        with pytest.raises(ModelError, match=r"has not finished.*--resume --output .*run"):
            resolve(name)
    # What somebody chose to take is theirs.
    shutil.copy(folder / "model.keras", tmp_path / "mine.keras")
    assert resolve(tmp_path / "mine.keras") == tmp_path / "mine.keras"
    assert resolve(whole[0].folder) == whole[0].model


def test_a_run_that_goes_on_is_unfinished_again(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path
) -> None:
    def killed(done: float, total: float, note: str = "") -> None:
        raise RuntimeError

    shutil.copytree(whole[1] / "1", tmp_path, dirs_exist_ok=True)
    # As Ctrl-C left it: with a report, and taken.
    shutil.copy(whole[0].folder / "metrics.json", tmp_path)
    assert resolve(tmp_path)
    with pytest.raises(RuntimeError):
        train(recipe, small_digits, tmp_path, seed=SEED, resume=True, progress=killed)
    with pytest.raises(ModelError, match="has not finished"):
        resolve(tmp_path)


@pytest.mark.parametrize("how", ["anew", "force", "resume"])
def test_two_trainings_in_one_folder_do_not_meet(
    whole: tuple[Run, Path], recipe: Recipe, small_digits: Dataset, tmp_path: Path, how: str
) -> None:
    if how != "anew":
        shutil.copytree(whole[1] / "1", tmp_path, dirs_exist_ok=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with exclusive(tmp_path), pytest.raises(OutputError, match="is being written by"):
        train(recipe, small_digits, tmp_path, seed=SEED, force=how == "force", resume=how == "resume")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
