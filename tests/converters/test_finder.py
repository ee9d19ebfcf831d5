"""A finder becomes a file that finds the same, says what it is, and is not written where it does not."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.cli import app
from mnist_edge.confidence import FEATURES
from mnist_edge.converters import finder
from mnist_edge.converters.finder import convert_finder, is_finder
from mnist_edge.converters.finder_graph import FinderLevels, choose_scaling
from mnist_edge.converters.finder_parity import FinderTolerance
from mnist_edge.detection import CHANNELS
from mnist_edge.errors import CheckFailed, DataError, ModelError, UsageError
from mnist_edge.metadata import carries_checksum, read_metadata
from mnist_edge.models.finder.network import build_finder
from mnist_edge.shipped_models import find_shipped, resolve_shipped


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def levels() -> FinderLevels:
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64), np.uint8)
    return FinderLevels(noise, noise, {"data": "noise", "sha256": "0", "seed": 0})


def test_metadata_tells_what_the_file_is(finders: Path) -> None:
    path = finders / "finder.int8.tflite"
    metadata = read_metadata(path)
    assert carries_checksum(path.read_bytes()) and path.stat().st_size <= 120_000
    assert (metadata["kind"], metadata["precision"], metadata["io"]) == ("finder", "int8", "int8")
    assert metadata["input"]["scale"] == pytest.approx(1 / 255) and metadata["input"]["zero_point"] == -128
    assert metadata["calibration"]["images"] == 16 and metadata["parity"]["levels"] == 4
    assert metadata["parity"]["detections"] > 50
    assert metadata["macs"] == 213_926_400
    assert "scaling" not in read_metadata(finders / "finder.float32.tflite")["output"]


def test_the_float_file_finds_exactly_what_keras_finds(finders: Path) -> None:
    parity = read_metadata(finders / "finder.float32.tflite")["parity"]
    assert (parity["agreement"], parity["same_digit"]) == (1, 1) and parity["iou"] > 0.999


def test_a_channel_spans_what_it_is_where_digits_may_be() -> None:
    cells = np.random.default_rng(0).normal(0, 1, (4, 8, 8, 4, CHANNELS)).astype(np.float32)
    cells[..., 0] = np.where(np.arange(8)[:, None] < 2, 3, -12)
    # What is nowhere near a digit has no say.
    cells[..., 13] = np.where(cells[..., 0] > 0, cells[..., 13] / 10, 1000)
    scaling = choose_scaling(cells.reshape(4, 8, 8, 4 * CHANNELS))
    low, high = scaling.middles - scaling.halves, scaling.middles + scaling.halves
    assert low[0] == pytest.approx(np.log(0.01 / 0.99), abs=1e-4) and high[0] == pytest.approx(3)
    assert 0.2 < high[13] < 0.6 and 2 < high[12] < 6


def test_a_finder_and_a_classifier_are_told_apart(finders: Path, trained: Path) -> None:
    assert is_finder(finders / "finder.keras")
    assert not is_finder(trained) and not is_finder("small")
    with pytest.raises(ModelError, match=r"^two-conv is no finder: it maps \(None, 28, 28, 1\) to \(None, 10\)"):
        convert_finder(trained, "none")


def test_what_a_finder_cannot_be_exported_as_is_one_line(finders: Path, levels: FinderLevels) -> None:
    with pytest.raises(UsageError, match="a finder is exported as float32, float16, int8, not as int16x8"):
        convert_finder(finders / "finder.keras", "int16x8", levels=levels)
    with pytest.raises(DataError, match="int8 needs representative ink levels; name a data set with --data"):
        convert_finder(finders / "finder.keras", "int8")


def test_nan_in_its_weights_is_named(tmp_path: Path) -> None:
    network = build_finder()
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel, np.full_like(bias, np.nan)])
    with pytest.raises(ModelError, match=r"has NaN or infinity in 60 of 60 values"):
        convert_finder(network, "none", output=tmp_path / "a.tflite")


def test_a_file_that_finds_something_else_is_not_written(
    finders: Path, levels: FinderLevels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finder.TOLERANCES, "float32", FinderTolerance(1.01, 0.0))
    path = tmp_path / "a.tflite"
    with pytest.raises(CheckFailed, match="it was not written; --keep writes it all the same"):
        convert_finder(finders / "finder.keras", "none", levels=levels, output=path)
    assert not path.exists()
    kept = convert_finder(finders / "finder.keras", "none", levels=levels, output=path, keep=True)
    assert kept.parity and kept.parity.failures and path.exists()


@pytest.mark.slow
def test_a_run_is_exported_by_the_command(
    finders: Path, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in {"COMPARED": 2, "CROWDED": 4, "PLAIN": 2}.items():
        monkeypatch.setattr(f"mnist_edge.cli.export_finder.{name}", count)
    # Those that may be here take ten seconds to load.
    monkeypatch.setattr("mnist_edge.models.finder.pool.TYPEFACES", tmp_path)
    folder = tmp_path / "finder-seed0"
    folder.mkdir()
    (folder / "model.keras").write_bytes((finders / "finder.keras").read_bytes())
    settings = {"data": {"name": "some digits", "sha256": "0"}, "seed": 4, "training_pages": 7, "epochs": [{}, {}]}
    shipped = find_shipped("finder")
    (folder / "metrics.json").write_text(json.dumps(settings | {"start": str(resolve_shipped("finder.keras"))}))
    # What a training begins with knows neither pages nor epochs.
    (folder / "settings.json").write_text(json.dumps({"data": settings["data"], "seed": 4}))
    how = "--samples", 16, "--data", data_folder, "--keep", "--json"
    code, out, _ = run("export", folder, "--quantize", "int8", *how)
    document = json.loads(out)
    assert code in (0, 3) and Path(document["path"]) == folder / "finder.int8.tflite"
    assert document["operators"]["DEPTH_TO_SPACE"] == 2 and document["calibration"]["images"] == 16
    metadata = read_metadata(folder / "finder.int8.tflite")
    assert metadata["fitted"]["pages"] == 6 and len(metadata["confidence"]["weights"]) == FEATURES
    training = metadata["training"]
    before = read_metadata(shipped.default)["training"]
    assert training == {"data": "some digits", "sha256": "0", "pages": 7, "epochs": 2, "seed": 4, "start": before}
    code, out, _ = run("selftest", folder / "finder.int8.tflite", "--json")
    assert code == 0 and json.loads(out)[0]["result"] == "ok"
    code, out, _ = run("export", folder, "--data", data_folder)
    assert code == 0 and "finder as float32" in out and "for a picture of 640x480" in out
    code, _, err = run("evaluate", folder / "finder.int8.tflite", "--data", data_folder)
    assert code == 1 and err.count("\n") == 1 and "is no classifier" in err
