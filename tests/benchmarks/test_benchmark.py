import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnist_edge.benchmarks.benchmark import Measurement, benchmark
from mnist_edge.benchmarks.report import batches_note, caption, table_rows, titles, write_csv
from mnist_edge.cli import app
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, UsageError

KEYS = {
    "model", "runtime", "threads", "batch", "size_bytes", "init_ms", "first_ms", "invoke_us", "end_to_end_us",
    "peak_rss_mb", "macs", "device",
}  # fmt: skip
TIMING_KEYS = {"min", "median", "mean", "std", "p90", "p99"}


@pytest.fixture(scope="module")
def measured(exported: dict[str, Path], digits: Dataset) -> list[Measurement]:
    models = [exported["float32"], exported["int8"]]
    return benchmark(models, runs=20, warm_up_ms=5, split=digits.test.take(digits.test.labels[:100].nonzero()[0]))


def test_one_measurement_a_model_in_their_order(measured: list[Measurement], exported: dict[str, Path]) -> None:
    assert [m.file for m in measured] == [exported["float32"], exported["int8"]]
    assert [m.size_bytes for m in measured] == [m.file.stat().st_size for m in measured]
    assert [m.precision for m in measured] == ["float32", "int8"]


def test_quantiles_are_in_order_and_stages_contain_each_other(measured: list[Measurement]) -> None:
    for one in measured:
        for timing in (one.invoke_us, one.classify_us, one.end_to_end_us):
            assert 0 < timing.min <= timing.median <= timing.p90 <= timing.p99
            assert timing.samples == 20
        # The fastest samples are those that nothing disturbed.
        assert one.invoke_us.min < one.classify_us.min < one.end_to_end_us.min


def test_units_fit_each_other(measured: list[Measurement]) -> None:
    for one in measured:
        # The first invoke does at least the work of the fastest: a wrong unit would be off by a thousand.
        assert one.first_ms * 1000 > one.invoke_us.min / 10
        assert one.init_ms * 1000 > one.invoke_us.min / 10


def test_macs_are_of_the_architecture_not_of_the_precision(measured: list[Measurement]) -> None:
    assert measured[0].macs == measured[1].macs > 10_000


def test_accuracy_is_that_of_evaluate(measured: list[Measurement], digits: Dataset) -> None:
    from mnist_edge.evaluate import evaluate

    split = digits.test.take(digits.test.labels[:100].nonzero()[0])
    for one in measured:
        assert (one.accuracy, one.images) == (evaluate(one.file, split).accuracy, len(split))


def test_json_has_the_contracts_keys(measured: list[Measurement]) -> None:
    for document in (m.to_json() for m in measured):
        assert json.loads(json.dumps(document)) == document
        assert document.keys() >= KEYS | {"accuracy"}
        assert document["invoke_us"].keys() >= TIMING_KEYS
        assert document["end_to_end_us"].keys() >= TIMING_KEYS
        assert document["device"].keys() >= {"machine", "system", "cpu", "cores", "governor", "python"}
        assert document["batch"] == document["threads"] == 1


def test_csv_can_be_read_back(measured: list[Measurement], tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "speed.csv"
    write_csv(measured, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["invoke_us_median"]) for row in rows] == [m.invoke_us.median for m in measured]
    assert [int(row["size_bytes"]) for row in rows] == [m.size_bytes for m in measured]
    assert rows[0]["device_cpu"] == measured[0].device.cpu


def test_the_table_has_the_ratio_to_the_first_model(measured: list[Measurement]) -> None:
    rows = {row[0]: row[1:] for row in table_rows(measured)}
    first, second = measured
    sizes = rows["file, bytes"]
    assert sizes == (f"{first.size_bytes:,}", f"{second.size_bytes:,}  ({second.size_bytes / first.size_bytes:.2f}x)")
    assert rows["accuracy"][0].endswith(f"of {first.images}")
    assert titles([m.file for m in measured]) == [m.file.stem for m in measured]
    assert titles([first.file, first.file]) == [str(first.file)] * 2
    assert "1 thread" in caption(measured) and first.runtime in caption(measured)


def test_the_note_tells_of_batches(measured: list[Measurement]) -> None:
    counts = {m.invoke_us.per_sample for m in measured}
    note = batches_note(measured)
    assert (note is None) == (counts == {1})


def test_a_keras_model_is_refused_with_what_to_do(trained: Path) -> None:
    with pytest.raises(UsageError, match=r"Keras model.*mnist-edge export"):
        benchmark([trained])


def test_a_missing_model_stops_before_anything_is_measured(exported: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.tflite"):
        benchmark([exported["int8"], tmp_path / "gone.tflite"])


def test_no_runs_are_refused(exported: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="at least 1, not 0"):
        benchmark([exported["int8"]], runs=0)


def test_the_command_prints_one_document_and_writes_the_csv(exported: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "speed.csv"
    arguments = ["benchmark", str(exported["int8"]), "--runs", "5", "--json", "--csv", str(path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    (document,) = json.loads(result.stdout)
    assert document.keys() >= KEYS
    assert "accuracy" not in document
    assert path.read_text().startswith("model,")
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "--force" in again.stderr


def test_the_command_shows_models_side_by_side(exported: dict[str, Path]) -> None:
    models = [str(exported["float32"]), str(exported["int8"])]
    result = CliRunner().invoke(app, ["benchmark", *models, "--runs", "5"])
    assert result.exit_code == 0, result.output
    assert "invoke, median us" in result.stdout
    assert all(exported[name].stem in result.stdout for name in ("float32", "int8"))


def test_the_report_says_what_slowed_the_processor_down(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second answer is of a processor that was throttled since.
    firmware = tmp_path / "bin" / "vcgencmd"
    firmware.parent.mkdir()
    firmware.write_text(f'#!/bin/sh\n[ -e {tmp_path}/asked ] && echo throttled=0x40000 || echo throttled=0x0\n'
                        f": > {tmp_path}/asked\n")  # fmt: skip
    firmware.chmod(0o755)
    monkeypatch.setenv("PATH", str(firmware.parent), prepend=":")
    path = tmp_path / "pi.json"
    result = CliRunner().invoke(app, ["benchmark", str(exported["int8"]), "--runs", "5", "--report", str(path)])
    assert result.exit_code == 0, result.output
    assert "slowed down: throttled" in " ".join(result.stderr.split())
    (one,) = json.loads(path.read_text())["measurements"]
    assert (one["before"]["throttling"], one["device"]["throttling"]) == ([], ["throttled since boot"])
    # It can be given to others.
    assert one["file"] == exported["int8"].name
    assert str(Path.home()) not in path.read_text()
