import json
import time
from pathlib import Path

import pytest

from mnist_edge.benchmarks.release.overhead import (
    MAX_DISAGREEMENT,
    MAX_NANO_RATIO,
    MAX_WRAPPER_RATIO,
    MIN_BATCH_GAIN,
    Overhead,
    main,
    measure_overhead,
)


def overhead(invoke_ratio: float, classify_ratio: float, gain: float = 1.6, file: str = "m.tflite") -> Overhead:
    return Overhead(file, "ai-edge-litert", 10.0, 10.0, 11.0, invoke_ratio, classify_ratio, gain, 1.2)


def test_the_bounds_are_those_that_are_promised() -> None:
    assert (MAX_DISAGREEMENT, MAX_WRAPPER_RATIO, MAX_NANO_RATIO, MIN_BATCH_GAIN) == (0.05, 1.15, 1.3, 1.5)
    assert not overhead(1.04, 1.14).broken() and not overhead(0.96, 1.14).broken()
    assert overhead(1.06, 1.1).broken() == ["invoke is 1.06 times the bare loop, not within 5% of it"]
    assert overhead(0.94, 1.1).broken() and len(overhead(0.94, 1.26).broken()) == 2
    assert overhead(1.0, 1.26).broken() == ["the wrapper takes 1.26 times the bare loop, not 1.15"]
    assert not overhead(1.0, 1.26, file="nano.int8").broken()
    assert overhead(1.0, 1.0, 1.4).broken() == [
        "1,000 images at once are 1.40 times as fast as one by one, not 1.5; the network alone is 1.20 times as fast"
    ]


def test_ratios_are_of_figures_of_the_same_unit(exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    # The processor's time, which other processes do not lengthen: a test on the clock failed on a busy machine.
    monkeypatch.setattr("mnist_edge.benchmarks.release.overhead.perf_counter", time.process_time)
    monkeypatch.setattr("mnist_edge.benchmarks.timing.perf_counter_ns", time.process_time_ns)
    found = measure_overhead(exported["float32"], rounds=5)
    # Loose on purpose: `python -m mnist_edge.benchmarks.release.overhead` judges, on a machine that is at rest.
    assert 0.2 < found.invoke_ratio < 5
    assert 0.2 < found.classify_ratio < 10
    assert 0.2 < found.batch_gain < 10 and 0.2 < found.network_gain < 10
    assert 0.2 < found.invoke_us / found.bare_us < 5


def test_the_tool_prints_a_document_and_its_exit_code_is_the_verdict(
    exported: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([str(exported["float32"])])
    document = json.loads(capsys.readouterr().out)
    assert code == (3 if document["broken"] else 0)
    assert [one["file"] for one in document["models"]] == [str(exported["float32"])]
