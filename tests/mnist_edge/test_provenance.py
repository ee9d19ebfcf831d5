"""A model is exported, verified and measured with the data that it was made with, or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import load, sklearn_digits
from mnist_edge.errors import DataError, DownloadError, UsageError
from mnist_edge.metadata import append_metadata, read_metadata
from mnist_edge.provenance import Provenance, find, load_for, provenance_of
from mnist_edge.shipped_models import resolve_shipped

pytestmark = pytest.mark.slow

Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mine(idx_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small data folder that may be moved and changed."""
    return shutil.copytree(idx_folder, tmp_path / "mine")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Other data: what is in MNIST_EDGE_DATA when nobody thinks of it."""
    digits, folder = sklearn_digits(), tmp_path / "other"
    folder.mkdir()
    names = {"x_train": digits.training.images[:300, ..., 0], "y_train": digits.training.labels[:300]}
    np.savez(folder / "mnist.npz", **names, x_test=digits.test.images[..., 0], y_test=digits.test.labels)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def run(invoke: Invoke, mine: Path, tmp_path: Path) -> Path:
    """An mlp, trained on `mine` for an epoch by the command."""
    code, _, err = invoke("train", "mlp", "--epochs", 1, "--data", mine, "--output", tmp_path / "run")
    assert code == 0, err
    return tmp_path / "run"


def test_every_command_finds_the_data_of_a_run_and_of_its_exports(
    invoke: Invoke, run: Path, mine: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_EDGE_DATA", str(other))
    sha256, int8 = load(mine).sha256, run / "mlp.int8.tflite"
    # So short a training is so unsure that int8 may well change what it says.
    code, out, err = invoke("export", run, "--quantize", "int8", "--samples", 50, "--keep", "--json")
    assert code in (0, 3), err
    facts = json.loads(out)
    assert facts["accuracy"]["data"] == facts["calibration"]["data"] == "mine"
    assert facts["accuracy"]["sha256"] == sha256
    for line in (("evaluate", run), ("evaluate", run / "model.keras"), ("evaluate", int8)):
        code, out, _ = invoke(*line)
        assert code == 0 and "on mine" in " ".join(out.split())
    code, out, _ = invoke("verify", run, int8, "--layers", "--max-drop", 5, "--min-agreement", 90)
    assert code in (0, 3) and "test images of mine" in out
    code, out, _ = invoke("benchmark", int8, "--accuracy", "--runs", 5, "--json")
    assert code == 0 and json.loads(out)[0]["accuracy"] == facts["accuracy"]["accuracy"]
    # What is asked for is done, and said.
    code, out, err = invoke("evaluate", int8, "--data", other)
    assert code == 0 and "on other" in " ".join(out.split())
    assert f"note: {int8} was made with mine, and this is other" in err


def test_data_that_moved_or_changed_is_not_replaced_by_other(
    invoke: Invoke, run: Path, mine: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = mine.rename(tmp_path / "moved")
    monkeypatch.setenv("MNIST_EDGE_DATA", str(other))
    for line in (("export", run), ("evaluate", run), ("verify", run, run / "model.keras")):
        code, out, err = invoke(*line)
        assert (code, out) == (1, "")
        assert "was made with mine" in err and str(mine) in err and "--data" in err
        assert err.count("\n") == 1
    other.rename(mine)
    assert invoke("evaluate", run)[0] == 1
    monkeypatch.setenv("MNIST_EDGE_DATA", str(moved))
    code, out, _ = invoke("evaluate", run)
    assert code == 0 and "on moved" in " ".join(out.split())


def test_models_of_different_data_do_not_stand_side_by_side_unasked(
    invoke: Invoke, run: Path, mine: Path, other: Path
) -> None:
    code, out, err = invoke("benchmark", "small", run / "model.keras", "--accuracy")
    assert (code, out) == (2, "") and "small with MNIST" in err and "with mine" in err and "--data" in err
    assert load_for("small", run, data=other).name == "other"


def test_the_bundled_digits_are_found_by_name(tmp_path: Path) -> None:
    digits = sklearn_digits()
    assert find("a model", Provenance.of(digits)).sha256 == digits.sha256
    with pytest.raises(DataError, match="a model was made with scikit-learn digits"):
        find("a model", Provenance(digits.name, "0" * 64))


def test_a_model_of_mnist_is_not_measured_with_the_bundled_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MNIST_EDGE_DATA", raising=False)
    monkeypatch.setattr("mnist_edge.dataset.cache_folder", lambda: tmp_path)
    monkeypatch.setattr("mnist_edge.download.MIRRORS", ())

    def offline(folder: Path, **options: object) -> Path:
        raise DownloadError("no network")

    monkeypatch.setattr("mnist_edge.dataset.download", offline)
    with pytest.raises(DownloadError, match="small was made with MNIST, but no network"):
        load_for("small")


def test_what_ships_was_made_with_mnist_in_no_recorded_place() -> None:
    for name in ("small", "small.keras", "nano", "large.int8"):
        origin = provenance_of(name)
        assert origin is not None
        assert (origin.name, origin.path) == ("MNIST", None)
    assert provenance_of("small") == provenance_of("nano")


@pytest.mark.parametrize("facts", [{}, {"accuracy": 0.99}, {"accuracy": {"data": "mine"}}, {"calibration": [1]}])
def test_a_model_of_unknown_origin_is_taken_for_one_of_mnist(
    tmp_path: Path, idx_folder: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object]
) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(append_metadata(b"flatbuffer", facts))
    assert read_metadata(path) == facts
    assert provenance_of(path) is None
    monkeypatch.setenv("MNIST_EDGE_DATA", str(idx_folder))
    assert load_for(path).name == idx_folder.name


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"data": 1}', '{"data": {"name": "a"}}', "[" * 9999])
def test_invalid_settings_record_nothing(tmp_path: Path, text: str) -> None:
    for name in ("settings.json", "metrics.json"):
        (tmp_path / name).write_text(text)
    shutil.copy(resolve_shipped("small.keras"), tmp_path / "model.keras")
    assert provenance_of(tmp_path) is None


def test_one_with_data_and_one_without_agree(tmp_path: Path, idx_folder: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(append_metadata(b"flatbuffer", {}))
    with pytest.raises(UsageError):
        load_for("small", _exported_with(tmp_path / "b.tflite", load(idx_folder)))
    assert provenance_of(path) is None


def _exported_with(path: Path, data: object) -> Path:
    facts = {"data": data.name, "sha256": data.sha256}  # type: ignore[attr-defined]
    path.write_bytes(append_metadata(b"flatbuffer", {"accuracy": facts}))
    return path
