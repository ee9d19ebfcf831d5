from pathlib import Path

import pytest

from mnist_edge import Classifier
from mnist_edge.errors import ModelError
from mnist_edge.metadata import read_metadata
from mnist_edge.shipped import DEFAULT, find_shipped, resolve, resolve_shipped, shipped_models

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


def test_a_file_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").touch()
    assert resolve("small") == Path("small")


def test_a_name_finds_int8_and_a_precision_its_file() -> None:
    assert resolve("small") == resolve("small.int8") == find_shipped("small").files["int8"]


@pytest.mark.parametrize("missing", ["nowhere/model", "model.tflite", "model.keras", "./model"])
def test_what_looks_like_a_path_is_missed_as_a_path(missing: str) -> None:
    with pytest.raises(ModelError, match=r"there is no model .*small"):
        resolve(missing)


def test_a_folder_without_a_run_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a run folder"):
        resolve(tmp_path)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"'large'.*there are: .*small"):
        resolve("large")


def test_an_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"small ships as .*int8.*, not as int4"):
        resolve("small.int4")
