"""Engines in processes of their own, among them one that dies."""

import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.suite.engines import OURS
from mnist_edge.benchmarks.suite.processes import EngineProcess, python_with
from mnist_edge.benchmarks.suite.results import summarise
from mnist_edge.benchmarks.suite.turns import Contender, measure
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.shipped_models import find_shipped


@pytest.fixture
def images(tmp_path: Path, digits: Dataset) -> Path:
    path = tmp_path / "images.npy"
    np.save(path, digits.test.images[:20])
    return path


def contender(path: Path, precision: str = "int8", engine: str = OURS, twin: bool = False) -> Contender:
    return Contender("net", precision, engine, 1, path, 1000, twin)


def test_each_is_timed_in_every_round_and_decides_as_our_classifier(
    images: Path, tmp_path: Path, digits: Dataset
) -> None:
    int8, floating = (find_shipped("nano").files[precision] for precision in ("int8", "float32"))
    both = [contender(int8), contender(floating, "float32"), contender(int8, twin=True)]
    both.append(contender(tmp_path / "missing.tflite", "float16"))
    both.append(contender(int8, engine="tflite-runtime"))
    absent = measure(both, images, tmp_path / "log.txt", rounds=3, samples=2)
    for one in both[:3]:
        assert one.error is None
        assert [len(one.rounds[action]) for action in ("invoke", "classify")] == [3, 3]
        assert one.samples["invoke"] >= 3
        expected = Classifier(one.path, digits_only=False).probabilities(digits.test.images[:20]).argmax(axis=1)
        assert one.decisions == list(expected)
    # Only the first had to start the process.
    assert both[0].cold_ms and both[0].cold_ms > both[0].init_ms and both[1].cold_ms is None
    assert "missing.tflite" in str(both[3].error)
    assert both[4].error == absent["tflite-runtime"] == "tflite-runtime is not installed"
    results = summarise([], both, digits.test.labels[:20], "digits", {})
    assert [(row.engine, row.precision) for row in results.rows] == [(OURS, "int8"), (OURS, "float32")]
    assert results.rows[0].to_ours is None and results.rows[1].to_ours
    assert results.noise > 0
    assert {what for what, _ in results.absent} == {"net float16 ai-edge-litert 1", "net int8 tflite-runtime 1"}


def test_a_process_that_dies_is_a_result(images: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with EngineProcess(images, log) as process:
        assert process.ask("version", engine=OURS)["version"]
        process._process.kill()
        with pytest.raises(ModelError, match="killed by SIGKILL"):
            process.ask("version", engine=OURS)
    with EngineProcess(tmp_path / "none.npy", log) as process, pytest.raises(ModelError, match=r"none\.npy"):
        process.ask("version", engine=OURS)


def test_another_environment_is_asked_for_what_this_one_lacks(images: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert python_with(OURS, "2.3.0", images, log, []) == (None, "2.3.0")
    # This very Python, as if it were another.
    found = python_with(OURS, None, images, log, [Path(sys.executable)])
    assert found and found[0] == Path(sys.executable) and found[1]
    assert python_with("tflite-runtime", None, images, log, [Path(sys.executable)]) is None
