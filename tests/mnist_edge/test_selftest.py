"""Golden vectors show a runtime that loads a model and computes something else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.child_process import ChildResult
from mnist_edge.cli import app
from mnist_edge.doctor import runtimes
from mnist_edge.doctor.check import Status
from mnist_edge.errors import ModelError, RuntimeMissing
from mnist_edge.finder_network import FinderNetwork
from mnist_edge.golden import KEY, REFUSED, Golden, golden_of, outputs_in_front
from mnist_edge.metadata import append_metadata, metadata_of, read_metadata, strip_metadata
from mnist_edge.selftest import selftest, selftest_apart
from mnist_edge.shipped_models import resolve, shipped_files, shipped_models

Invoke = Callable[..., tuple[int, str, str]]
# tflite-runtime, made of ai-edge-litert, but for what it does to each output or instead of running.
STAND_IN = """
import os, signal
import numpy as np
from ai_edge_litert.interpreter import Interpreter as Sound

class Interpreter(Sound):
    def get_tensor(self, index):
        return self.changed(super().get_tensor(index))

    def changed(self, values):
        {change}

    def invoke(self):
        {invoke}
"""
# In an int8 network; the softmax's output alone has this zero point.
IN_FRONT = "self.get_output_details()[0]['quantization'][1] != -128"
CLASSIFIERS = [path for shipped in shipped_models().values() for path in shipped.files.values()]
RUNS = "super().invoke()"
KEEPS = "return values"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a runtime called tflite-runtime before any real one, for this process's children."""

    def install(change: str = KEEPS, invoke: str = RUNS) -> None:
        package = tmp_path / "stand-in" / "tflite_runtime"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "interpreter.py").write_text(STAND_IN.format(change=change, invoke=invoke))
        monkeypatch.syspath_prepend(package.parent)

    return install


def with_metadata(path: Path, model: str, **changed: Any) -> Path:
    content = resolve(model).read_bytes()
    path.write_bytes(append_metadata(strip_metadata(content), metadata_of(content, model) | changed))
    return path


@pytest.mark.parametrize("path", CLASSIFIERS, ids=lambda path: path.name)
def test_what_ships_computes_here_what_it_shall(path: Path) -> None:
    found = selftest(path)
    assert (found.result, found.failure) == ("ok", None)
    assert found.inputs == found.decisions == 6


def test_the_golden_inputs_that_ship_are_five_digits_and_none() -> None:
    for path in CLASSIFIERS:
        golden = golden_of(read_metadata(path), path.name)
        assert golden is not None and golden.decisions is not None
        assert golden.images.shape == (6, 28, 28)
        assert len(set(golden.decisions.tolist())) == 6
        assert golden.decisions[-1] == REFUSED and golden.decisions[:-1].min() >= 0
        # In front of the softmax, so no probabilities.
        assert golden.outputs.shape == (6, 10) and np.ptp(golden.outputs) > 1
        # A quantum more or less changes no best digit, not even of the figure that is refused.
        second, first = np.sort(golden.outputs, axis=1)[:, -2:].T
        assert (first - second).min() > 2 * golden.tolerance


def test_golden_vectors_cost_little() -> None:
    content = resolve("nano").read_bytes()
    metadata = metadata_of(content, "nano")
    del metadata[KEY]
    assert len(content) - len(append_metadata(strip_metadata(content), metadata)) < 1500


@pytest.mark.parametrize("model", ["nano.int8", "nano.float32"])
@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (f"return values + np.int8(2) if values.dtype == np.int8 and {IN_FRONT} else values", 2.0),
        ("return values + np.float32(0.01) if values.dtype == np.float32 else values", 0.01),
        ("return np.zeros_like(values)", None),
    ],
    ids=["off by two quanta", "off by a hundredth", "zeros"],
)
def test_a_runtime_that_computes_garbage_is_caught(
    stand_in: Callable[..., None], model: str, change: str, difference: float | None
) -> None:
    stand_in(change)
    found = selftest_apart(model, "tflite-runtime")
    touched = difference is None or (difference == 2) == model.endswith("int8")
    assert (found.result == "FAILED") == touched
    assert not touched or "outputs differ by" in str(found.failure)
    if touched and difference:
        assert found.difference == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("step", [1, -1])
def test_one_quantum_is_allowed(stand_in: Callable[..., None], step: int) -> None:
    stand_in(f"return values + np.int8({step}) if {IN_FRONT} else values")
    found = selftest_apart("nano", "tflite-runtime")
    assert (found.difference, found.failure) == (1, None)


def test_other_decisions_are_caught_where_the_numbers_in_front_are_right(stand_in: Callable[..., None]) -> None:
    stand_in(f"return values if {IN_FRONT} else values[:, ::-1].copy()")
    found = selftest_apart("nano", "tflite-runtime")
    assert found.difference == 0
    assert "decisions are others" in str(found.failure) and "differ by" not in str(found.failure)


def test_not_a_number_is_caught(stand_in: Callable[..., None]) -> None:
    stand_in("return values * np.float32('nan')")
    found = selftest_apart("nano.float32", "tflite-runtime")
    assert "differ by nan" in str(found.failure) and found.difference is None
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV"])
def test_a_runtime_that_kills_itself_is_a_failure_with_the_signal(
    stand_in: Callable[..., None], name: str, invoke: Invoke
) -> None:
    stand_in(invoke=f"os.kill(os.getpid(), signal.{name})")
    code, out, err = invoke("selftest", "nano", "--runtime", "tflite-runtime")
    assert code == 3 and "FAILED" in out
    plain = {"SIGILL": "illegal instruction", "SIGSEGV": "segmentation fault"}[name]
    assert f"nano.int8.tflite: killed by {name} ({plain})" in err and len(err.splitlines()) == 1
    check = runtimes.check("tflite-runtime", resolve("nano"), timeout_s=60)
    assert check.status is Status.BROKEN and f"killed by {name} ({plain})" in check.found


def test_doctor_compares_the_golden_vectors(stand_in: Callable[..., None]) -> None:
    sound = runtimes.check("ai-edge-litert", resolve("nano"), timeout_s=60)
    assert sound.status is Status.OK and sound.found.endswith("runs nano.int8.tflite: 6 golden vectors agree")
    stand_in(f"return values + np.int8(2) if {IN_FRONT} else values")
    check = runtimes.check("tflite-runtime", resolve("nano"), timeout_s=60)
    assert check.status is Status.BROKEN
    assert "computes wrong numbers with nano.int8.tflite: its outputs differ by 2 where 1 is allowed" in check.found
    assert "another runtime" in check.advice


def test_a_file_without_golden_vectors_is_said_and_passes(tmp_path: Path, invoke: Invoke) -> None:
    path = with_metadata(tmp_path / "old.tflite", "nano", **{KEY: None})
    code, out, err = invoke("selftest", path)
    assert (code, err) == (0, "") and "no golden vectors" in out
    check = runtimes.check("ai-edge-litert", path, timeout_s=60)
    assert check.status is Status.OK and "no golden vectors" in check.found
    path.write_bytes(strip_metadata(path.read_bytes()))
    assert selftest(path).result == "no golden vectors"


@pytest.mark.parametrize(
    "damage",
    [
        {"bits": "not hexadecimal"},
        {"bits": "ff"},
        {"pixels": "not base64"},
        {"shape": [6, 28, 29]},
        {"shape": [6, -28, -28]},
        {"shape": [1 << 40, 1 << 20, 1]},
        {"shape": [6, 784]},
        {"outputs": []},
        {"outputs": [[1]]},
        {"decisions": [1]},
        {"tolerance": -1},
        {"tolerance": None},
    ],
    ids=str,
)
def test_golden_vectors_that_make_no_sense_are_one_line(tmp_path: Path, damage: dict[str, Any]) -> None:
    golden = read_metadata(resolve("nano"))[KEY]
    if "pixels" in damage:
        del golden["bits"]
    path = with_metadata(tmp_path / "odd.tflite", "nano", **{KEY: golden | damage})
    with pytest.raises(ModelError, match=r"^odd\.tflite is damaged .*export it again[^\n]*$"):
        selftest(path)
    found = selftest_apart(path)
    assert found.failure is not None and found.failure.startswith("odd.tflite is damaged")


def test_other_golden_outputs_fail(tmp_path: Path) -> None:
    golden = golden_of(read_metadata(resolve("nano")), "nano")
    assert golden and golden.decisions is not None
    swapped = Golden(golden.images[::-1], golden.outputs, golden.decisions, golden.tolerance, golden.runtime)
    path = with_metadata(tmp_path / "swapped.tflite", "nano", **{KEY: swapped.to_metadata()})
    assert selftest(path).result == "FAILED"


@pytest.mark.slow
def test_a_finder_can_have_golden_vectors_of_any_size(finders: Path, tmp_path: Path) -> None:
    content = (finders / "finder.int8.tflite").read_bytes()
    levels = np.random.default_rng(0).integers(0, 256, (2, 32, 64), np.uint8)
    outputs, runtime = outputs_in_front(content, "finder", levels)
    assert outputs.shape == (2, 4 * 8 * 60) and np.ptp(outputs) > 50
    network = FinderNetwork(finders / "finder.int8.tflite")
    assert np.corrcoef(network(levels[0])[..., 0].ravel(), outputs[0].reshape(4, 8, 60)[..., 0].ravel())[0, 1] > 0.999
    golden = Golden(levels, outputs, None, 1, runtime.label)
    path = tmp_path / "finder.tflite"
    metadata = metadata_of(content, "finder") | {KEY: golden.to_metadata()}
    path.write_bytes(append_metadata(strip_metadata(content), metadata))
    found = selftest_apart(path)
    assert (found.result, found.inputs, found.decisions, found.difference) == ("ok", 2, None, 0)
    path.write_bytes(
        append_metadata(strip_metadata(content), metadata | {KEY: golden.to_metadata() | {"shape": [2, 64, 32]}})
    )
    assert selftest_apart(path).result == "FAILED"


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic", "int8", "int16x8"])
def test_an_export_has_golden_vectors(exported: dict[str, Path], precision: str) -> None:
    found = selftest(exported[precision])
    assert found.result == "ok" and found.inputs > 3


def test_the_command_tests_all_that_ship(invoke: Invoke) -> None:
    code, out, err = invoke("selftest", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert [row["path"] for row in rows] == list(map(str, shipped_files()))
    tested = [row for row in rows if Path(row["path"]) in CLASSIFIERS]
    assert {row["result"] for row in tested} == {"ok"}
    assert all(row["runtime"].startswith("ai-edge-litert ") for row in tested)


def test_the_command_lays_out_a_table(invoke: Invoke) -> None:
    code, out, err = invoke("selftest", "nano", "small.float32")
    assert (code, err) == (0, "") and out.startswith("passed\n")
    assert "nano.int8.tflite" in out and "small.float32.tflite" in out and "6 of 6" in out


def test_what_is_not_there_is_one_line(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = invoke("selftest", "nowhere.tflite")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    code, out, err = invoke("selftest", "nano", "--runtime", "onnx")
    assert (code, out) == (1, "") and "there is no runtime 'onnx'" in err
    with pytest.raises(RuntimeMissing, match="there is no runtime"):
        selftest_apart("nano", "onnx")


def test_without_a_python_to_start_it_runs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "")
    assert selftest_apart("nano").result == "ok"


def test_the_command_waits_no_longer_than_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def late(module: str, *arguments: str, timeout_s: float) -> ChildResult:
        waited.append(timeout_s)
        return ChildResult("", f"no answer within {timeout_s:g} s")

    monkeypatch.setattr("mnist_edge.selftest.run_module", late)
    result = CliRunner().invoke(app, ["selftest", "nano.int8", "--timeout", "7"])
    assert (result.exit_code, waited) == (3, [7.0])
    assert "no answer within 7 s" in result.stderr
