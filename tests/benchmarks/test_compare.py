import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mnist_edge.benchmarks.compare import compare, describe, read_measurements
from mnist_edge.cli import app
from mnist_edge.errors import DataError, UsageError

PI_4 = {
    "board": "Raspberry Pi 4 Model B Rev 1.4", "cpu": "Raspberry Pi 4 Model B Rev 1.4", "system": "Debian 12",
    "memory_mb": 3977.2, "governor": "ondemand", "temperature_c": 81.2, "throttling": ["throttled"],
}  # fmt: skip


def measurement(model: str, invoke_us: float, **others: Any) -> dict[str, Any]:
    figures = {"median": invoke_us, "p99": 2 * invoke_us}
    return {
        "file": f"{model}.tflite", "runtime": "ai-edge-litert 2.3.0", "threads": 1, "size_bytes": 16_784,
        "init_ms": 0.0, "invoke_us": figures, "end_to_end_us": figures, "peak_rss_mb": None,
        "device": {"cpu": "a processor"}, **others,
    }  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A report and a list as `benchmark --json` prints it; the second computer is four times as fast."""
    first, second = tmp_path / "pi4.json", tmp_path / "pi5.json"
    rows = [measurement("small.int8", 400.0, device=PI_4), measurement("nano.int8", 200.0, device=PI_4)]
    first.write_text(json.dumps({"mnist_edge": "0.1.0", "measurements": rows}))
    second.write_text(json.dumps([measurement("small.int8", 100.0), measurement("large.int8", 1.0)]))
    return first, second


def test_a_model_in_both_files_is_compared_figure_by_figure(files: tuple[Path, Path]) -> None:
    found = {one.figure: one for one in compare(*map(read_measurements, files))}
    assert {one.model for one in found.values()} == {"small.int8"}
    invoke = found["invoke, median us"]
    assert (invoke.first, invoke.second, invoke.ratio) == ("400.0", "100.0", 0.25)
    assert (found["file, bytes"].ratio, found["init, ms"].ratio) == (1.0, None)
    assert "peak memory, MB" not in found


def test_other_threads_are_another_thing(files: tuple[Path, Path]) -> None:
    first = read_measurements(files[0])
    with pytest.raises(UsageError, match=r"the first has small\.int8, nano\.int8, the second small\.int8, 4 threads"):
        compare(first, [measurement("small.int8", 100.0, threads=4)])


def test_where_it_was_measured_is_one_line(files: tuple[Path, Path]) -> None:
    line = describe(files[0], read_measurements(files[0]))
    assert line == (
        "pi4.json: Raspberry Pi 4 Model B Rev 1.4, 4 GB, Debian 12, ai-edge-litert 2.3.0, governor ondemand, "
        "81 degrees C, throttled"
    )
    assert describe(files[1], read_measurements(files[1])) == "pi5.json: a processor, ai-edge-litert 2.3.0"


@pytest.mark.parametrize("content", [b"no JSON", b"{}", b"[]", b"[1]", b'[{"device": {}}]', b"[" * 100_000, b"\xff"])
def test_another_file_is_one_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"other\.json .*benchmark --report FILE"):
        read_measurements(path)


def test_the_command_puts_both_side_by_side(files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(app, ["benchmark", "compare", *map(str, files)])
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stdout.splitlines() if "invoke, median us" in line)
    assert line.split()[-3:] == ["400.0", "100.0", "0.25x"]
    assert "pi5 to pi4" in result.stdout
    assert "throttled" in result.stderr


def test_the_command_prints_one_document(files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(app, ["benchmark", "compare", *map(str, files), "--json"])
    assert [one["ratio"] for one in json.loads(result.stdout) if one["figure"] == "invoke, median us"] == [0.25]


def test_one_file_is_not_enough(files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(app, ["benchmark", "compare", str(files[0])])
    assert result.exit_code == 2
    assert "compare takes two files, not 1" in result.stderr


def test_a_missing_file_is_one_line(tmp_path: Path, files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(app, ["benchmark", "compare", str(files[0]), str(tmp_path / "gone.json")])
    assert result.exit_code == 1
    assert "gone.json cannot be read: No such file" in result.stderr
