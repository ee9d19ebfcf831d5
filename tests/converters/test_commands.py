import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnist_edge.classifier import Classifier
from mnist_edge.cli import app
from mnist_edge.converters.convert import convert
from mnist_edge.dataset import Dataset
from mnist_edge.errors import DownloadError
from mnist_edge.metadata import read_metadata


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.slow
def test_export_lets_no_chatter_through(trained: Path, data_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    command = ["export", trained, "--quantize", "int8", "--samples", "50", "--data", data_folder]
    done = subprocess.run(
        [sys.executable, "-m", "mnist_edge", *map(str, command), "--output", str(path), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    # These data are neither MNIST nor those of the training, and that is all there is to say.
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {"note"}
    document = json.loads(done.stdout)
    assert document["path"] == str(path) and document["size_bytes"] == path.stat().st_size
    assert document["precision"] == document["io"] == "int8"
    assert document["operators"]["CONV_2D"] == 2 and document["macs"] == 2_631_040
    assert document["calibration"]["images"] == 50
    assert "tensorflow==2.21.0" in document["runtimes"]


@pytest.mark.slow
def test_export_prints_a_table(trained: Path, data_folder: Path, tmp_path: Path) -> None:
    code, out, _ = run("export", trained, "--data", data_folder, "--output", tmp_path / "a.tflite")
    assert code == 0
    for words in ("two-conv as float32", "2 CONV_2D", "2,631,040", "ai-edge-litert", "test images"):
        assert words in out
    code, out, err = run("export", trained, "--data", data_folder, "--output", tmp_path / "a.tflite")
    assert (code, out) == (1, "") and "--force" in err


def test_export_refuses_what_does_not_fit(trained: Path, data_folder: Path) -> None:
    code, _, err = run("export", trained, "--quantize", "int4", "--data", data_folder)
    assert code == 2 and err.startswith("error: there is no precision 'int4'")


@pytest.mark.slow
def test_verify_passes(trained: Path, exported: Mapping[str, Path], data_folder: Path) -> None:
    code, out, _ = run("verify", trained, exported["float32"], "--data", data_folder, "--max-drop", 0)
    assert code == 0
    assert "passed" in out and "McNemar" in out
    code, out, _ = run("verify", trained, exported["float32"], "--data", data_folder, "--json")
    assert code == 0 and json.loads(out)["passed"] is True


def test_verify_fails_with_all_reasons_and_still_reports(trained: Path, collapsed: Path, data_folder: Path) -> None:
    code, out, err = run("verify", trained, collapsed, "--data", data_folder, "--json")
    assert code == 3
    report = json.loads(out)
    assert report["passed"] is False and len(report["failures"]) == 5
    error = err.splitlines()[-1]
    assert error.startswith("error:") and all(reason in error for reason in report["failures"])
    code, out, _ = run("verify", trained, collapsed, "--data", data_folder)
    assert code == 3 and "FAILED" in out


def test_verify_takes_points_and_percent(trained: Path, collapsed: Path, data_folder: Path) -> None:
    lax = ("--max-drop", 100, "--min-agreement", 0)
    code, out, _ = run("verify", trained, collapsed, "--data", data_folder, "--json", *lax)
    assert code == 3 and [reason.split()[1] for reason in json.loads(out)["failures"]] == ["collapsed:"]
    wanted = (*lax, "--max-class-drop", 50, "--min-p", 0.001)
    code, out, _ = run("verify", trained, collapsed, "--data", data_folder, "--json", *wanted)
    reasons = json.loads(out)["failures"]
    assert code == 3 and len(reasons) == 3 and "more than 50" in reasons[1] and "below 0.001" in reasons[2]
    code, _, err = run("verify", trained, collapsed, "--data", data_folder, "--min-agreement", 0.998)
    assert code == 2 and "write percent, 99.8" in err


@pytest.mark.slow
def test_verify_shows_layers(trained: Path, few: Dataset, data_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    assert run("export", trained, "--quantize", "int8", "--data", data_folder, "--output", path)[0] == 0
    loose = ("--max-drop", 5, "--min-agreement", 90, "--data", data_folder)
    code, out, _ = run("verify", trained, path, "--layers", "--json", *loose)
    assert code == 0 and len(json.loads(out)["layers"]) >= 6
    assert "CONV_2D" in run("verify", trained, path, "--layers", *loose)[1]
    # The same model, calibrated on data that are not at hand.
    convert(trained, "int8", data=few, samples=50, output=path, force=True)
    code, _, err = run("verify", trained, path, "--layers", *loose)
    assert code == 2 and "--data" in err


@pytest.mark.slow
def test_a_model_that_ships_is_exported_from_its_weights_into_the_current_folder(
    package: Path, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in package.iterdir()}
    options = ("--samples", "50", "--data", data_folder)
    for model, precision in (("two-conv", "int8"), ("two-conv.keras", "none"), (package / "two-conv.keras", "float16")):
        code, out, err = run("export", model, "--quantize", precision, *options, "--json")
        assert code == 0, err
        document = json.loads(out)
        written = Path(document["path"])
        assert written == Path(f"two-conv.{document['precision']}.tflite")
        facts = read_metadata(written)
        assert (facts["name"], facts["accuracy"]) == ("two-conv", document["accuracy"])
        assert facts["accuracy"]["accuracy"] > 0.6
    code, _, err = run("export", "two-conv", "--quantize", "int8", *options)
    assert code == 1 and "--force" in err
    assert {path: path.read_bytes() for path in package.iterdir()} == before
    loose = ("--max-drop", 5, "--min-agreement", 90, "--data", data_folder, "--json")
    code, out, _ = run("verify", "two-conv.keras", "two-conv.int8.tflite", "--layers", *loose)
    assert code == 0 and len(json.loads(out)["layers"]) >= 6


def test_weights_that_ship_are_a_reference(package: Path, data_folder: Path) -> None:
    code, out, _ = run("verify", "two-conv.keras", "two-conv.float32", "--data", data_folder, "--max-drop", 0, "--json")
    document = json.loads(out)
    assert code == 0 and document["reference"]["model"] == "two-conv.keras"
    assert document["reference"]["runtime"].startswith("keras")


def test_a_tflite_is_exported_from_no_more_when_it_ships(package: Path, data_folder: Path) -> None:
    for model in ("two-conv.int8", package / "two-conv.int8.tflite"):
        code, _, err = run("export", model, "--data", data_folder)
        assert code == 1 and err.count("\n") == 1 and "is no Keras model" in err


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No MNIST named, none in the cache, no mirror."""
    monkeypatch.delenv("MNIST_EDGE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def unreachable(*_: object, **__: object) -> None:
        raise DownloadError("no mirror; name a folder with --data")

    monkeypatch.setattr("mnist_edge.dataset.download", unreachable)


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("precision", "ships_as"), [("none", "float32"), ("float16", "float32"), ("dynamic", "float32")]
)
def test_offline_a_model_that_ships_keeps_the_confidence_that_it_ships_with(precision: str, ships_as: str) -> None:
    code, out, err = run("export", "nano", "--quantize", precision, "--json")
    assert code == 0, err
    written = Classifier(json.loads(out)["path"])
    ours = Classifier("nano.float32")
    assert (written.temperature, written.refusal_threshold) == (ours.temperature, ours.refusal_threshold)
    assert written.metadata["confidence"]["file"] == "nano.float32.tflite"
    assert written.metadata["confidence"]["data"] == "MNIST" and written.metadata["accuracy"] is None
    assert "neither accuracy nor agreement is measured" in err


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("precision", ["int8", "int16x8"])
def test_offline_no_ranges_are_found_on_other_digits(precision: str, tmp_path: Path) -> None:
    code, _, err = run("export", "nano", "--quantize", precision)
    assert code == 1 and "--data" in err and "models copy nano.int8" in err
    assert not list(tmp_path.glob("*.tflite"))
