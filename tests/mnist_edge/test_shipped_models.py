from pathlib import Path

import numpy as np
import pytest

from mnist_edge import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.evaluate import load_predictor
from mnist_edge.metadata import read_metadata
from mnist_edge.shipped_models import (
    DEFAULT,
    find_shipped,
    is_shipped,
    resolve,
    resolve_shipped,
    resolve_weights,
    shipped_models,
)

FILES = [(name, precision) for name, shipped in shipped_models().items() for precision in shipped.files]


def test_the_default_ships_in_int8() -> None:
    assert DEFAULT in shipped_models()
    assert find_shipped(DEFAULT).default.name == f"{DEFAULT}.int8.tflite"


@pytest.mark.parametrize(("name", "precision"), FILES)
def test_each_file_is_what_it_is_called(name: str, precision: str) -> None:
    path = resolve_shipped(f"{name}.{precision}")
    facts = read_metadata(path)
    assert (facts["name"], facts["precision"]) == (name, precision)
    assert facts["accuracy"]["accuracy"] > 0.99
    assert Classifier(path).name == name


@pytest.mark.parametrize("name", shipped_models())
def test_each_has_a_card(name: str) -> None:
    assert find_shipped(name).card.read_text(encoding="utf-8").startswith("# ")


def test_a_path_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.touch()
    assert resolve(path) == resolve(str(path)) == path


def test_a_run_folder_is_its_keras_model(tmp_path: Path) -> None:
    (tmp_path / "model.keras").touch()
    assert resolve(tmp_path) == tmp_path / "model.keras"


@pytest.mark.parametrize("name", ["small", "small.int8", "small.keras"])
def test_a_name_that_ships_means_what_ships(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ships = resolve(name)
    monkeypatch.chdir(tmp_path)
    for make in (Path.touch, Path.mkdir):
        make(tmp_path / name)
        assert resolve(name) == ships and is_shipped(resolve(name))
        (tmp_path / name).unlink() if make is Path.touch else (tmp_path / name).rmdir()
    (tmp_path / "small.int8.tflite").touch()
    assert resolve("small.int8.tflite") == Path("small.int8.tflite")


def test_a_path_means_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").touch()
    assert resolve("./small") == resolve(Path("small")) == resolve_weights("./small") == Path("small")
    # What was resolved stays what it is.
    assert resolve(resolve("./small")) == Path("small")
    (tmp_path / "small").unlink()
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "model.keras").touch()
    assert resolve("./small") == resolve_weights("./small") == Path("small/model.keras")


@pytest.mark.parametrize("missing", ["nowhere/model", "model.tflite", "model.keras", "./model"])
def test_what_looks_like_a_path_is_missed_as_a_path(missing: str) -> None:
    with pytest.raises(ModelError, match=r"there is no model .*small"):
        resolve(missing)


def test_a_folder_without_a_run_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"is a folder without model\.keras, so it is no run; nor is it a SavedModel; give .*small"
    ):
        resolve(tmp_path)


def test_an_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"small ships as .*int8.*, not as int4"):
        resolve("small.int4")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships `deep` with its weights, and `flat` without."""
    folder = tmp_path / "package"
    folder.mkdir()
    for name in ("deep.int8.tflite", "deep.float32.tflite", "deep.keras", "flat.int8.tflite"):
        (folder / name).touch()
    monkeypatch.setattr("mnist_edge.shipped_models.shipped_folder", lambda: folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_weights_have_a_name_of_their_own(package: Path) -> None:
    weights = package / "deep.keras"
    assert find_shipped("deep").weights == resolve("deep.keras") == resolve_shipped("deep.keras") == weights
    assert resolve("deep") == package / "deep.int8.tflite"
    assert set(find_shipped("deep").files) == {"int8", "float32"}


def test_to_export_from_the_bare_name_is_the_weights(package: Path) -> None:
    assert resolve_weights("deep") == resolve_weights("deep.keras") == package / "deep.keras"
    assert resolve_weights("deep.int8") == package / "deep.int8.tflite"
    assert resolve_weights("flat") == package / "flat.int8.tflite"
    mine = Path("deep")
    mine.touch()
    assert resolve_weights("deep") == package / "deep.keras"
    assert resolve_weights("./deep") == resolve_weights(mine) == mine


def test_weights_that_do_not_ship_are_missed_as_such(package: Path) -> None:
    assert find_shipped("flat").weights is None
    with pytest.raises(ModelError, match=r"flat ships as int8, not as keras"):
        resolve("flat.keras")
    with pytest.raises(ModelError, match=r"deep ships as .*keras, not as int4"):
        resolve("deep.int4")
    with pytest.raises(ModelError, match=r"there is no model .*deep.keras"):
        resolve("./deep.keras")


def test_a_file_called_as_the_weights_is_a_path(package: Path) -> None:
    Path("deep.keras").touch()
    assert resolve("deep.keras") == package / "deep.keras"
    assert resolve("./deep.keras") == Path("deep.keras")
    assert is_shipped(package / "deep.keras") and not is_shipped(Path("deep.keras"))


@pytest.mark.parametrize("name", [name for name, found in shipped_models().items() if "float32" in found.files])
def test_weights_that_ship_give_what_the_float32_file_gives(name: str, digits: Dataset) -> None:
    images = digits.test.images[:200]
    given = load_predictor(f"{name}.keras").probabilities(images)
    assert np.abs(given - Classifier(f"{name}.float32", calibrated=False).probabilities(images)).max() < 1e-4
