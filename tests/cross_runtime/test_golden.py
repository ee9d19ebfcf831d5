"""Golden vectors and predictions against reality, in today's runtime and in that of old devices."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from mnist_edge.compat import compatibility
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import add_golden
from mnist_edge.converters.keras_source import load_source
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.dataset import Dataset
from mnist_edge.flatbuffer_view import root
from mnist_edge.metadata import append_metadata, metadata_of
from mnist_edge.shipped_models import shipped_models

_SPEC = spec_from_file_location("environment", Path(__file__).with_name("environment.py"))
assert _SPEC and _SPEC.loader
environment = module_from_spec(_SPEC)
_SPEC.loader.exec_module(environment)
pytestmark = [
    pytest.mark.skipif(environment.why_not() is not None, reason=str(environment.why_not())),
    pytest.mark.timeout(900),  # Making the environment fetches packages.
]
NEW, OLD = "ai-edge-litert==2.3.0", "tflite-runtime==2.14.0"
DENSE = 9
# What the converter writes without our flag, and the same with the version of old files, as other tools leave it.
PER_CHANNEL, LIE = "per-channel.tflite", "lie.tflite"
CLASSIFIERS = [path for shipped in shipped_models().values() for path in shipped.files.values()]
Outcome = dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def files(
    exported: dict[str, Path], trained: Path, digits: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """All that ships, every precision, and two whose dense weights have a scale for each output, by name."""
    folder = tmp_path_factory.mktemp("dense")
    dynamic = PRECISIONS["dynamic"]
    content = to_flatbuffer(load_source(trained), replace(dynamic, dense_per_channel=True), "float32", None)
    honest = add_golden(append_metadata(content, {"precision": "dynamic"}), PER_CHANNEL, digits)
    (folder / PER_CHANNEL).write_bytes(honest)
    lie = bytearray(content)
    for code in root(content).tables(1):
        if code.number(0, "<b") == DENSE:
            place = code.place(2)
            assert place is not None and lie[place] == 12
            lie[place] = 9
    (folder / LIE).write_bytes(append_metadata(bytes(lie), metadata_of(honest, PER_CHANNEL)))
    paths = [*CLASSIFIERS, *exported.values(), folder / PER_CHANNEL, folder / LIE]
    return {path.name: path for path in paths}


def run_selftest(python: Path | str, files: dict[str, Path], folder: Path) -> Outcome:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-m", "mnist_edge", "selftest", *files.values(), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=clean, cwd=folder)
    assert done.returncode in (0, 3), done.stderr
    return {Path(row["path"]).name: row for row in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def old(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_selftest(environment.make(), files, tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def new(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_selftest(sys.executable, files, tmp_path_factory.mktemp("new"))


def test_prediction_and_outcome_agree(files: dict[str, Path], old: Outcome, new: Outcome) -> None:
    for name, path in files.items():
        predicted = {one.runtime: one.runs for one in compatibility(path, [NEW, OLD]).verdicts}
        outcome = {NEW: new[name]["result"] == "ok", OLD: old[name]["result"] == "ok"}
        assert predicted == outcome, (name, new[name], old[name])


def test_what_ships_is_within_one_quantum_in_both(old: Outcome) -> None:
    for path in CLASSIFIERS:
        assert old[path.name]["runtime"] == "tflite-runtime 2.14.0"
        assert old[path.name]["decisions"] == old[path.name]["inputs"] == 6


def test_the_flag_that_we_set_is_needed(files: dict[str, Path], old: Outcome) -> None:
    (problem,) = compatibility(files[PER_CHANNEL], [OLD]).verdicts[0].problems
    assert (problem.operator, problem.reason) == ("FULLY_CONNECTED", "version 12, and it has 10 at most")
    assert "_experimental_disable_per_channel_quantization_for_dense_layers" in problem.mend
    assert "FULLY_CONNECTED" in str(old[PER_CHANNEL]["failure"])


def test_a_file_that_loads_and_computes_garbage_is_foretold_and_caught(files: dict[str, Path], old: Outcome) -> None:
    (problem,) = compatibility(files[LIE], [OLD]).verdicts[0].problems
    assert problem.reason == "says version 9 and needs 12, so it loads and computes garbage"
    assert "outputs differ by" in str(old[LIE]["failure"])
