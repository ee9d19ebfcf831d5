import json
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.suite.engines import COPIED_BYTES, COPY, DOT_PRODUCTS, OURS
from mnist_edge.benchmarks.suite.network_report import network_sections
from mnist_edge.benchmarks.suite.networks import Network
from mnist_edge.benchmarks.suite.ratios import Ratio
from mnist_edge.benchmarks.suite.results import Results, summarise
from mnist_edge.benchmarks.suite.turns import Contender

LABELS = np.arange(10, dtype=np.uint8)
ENVIRONMENT = {"machine": {"cpu": "a <processor>", "cores": 2}, "date": "today", "settings": {OURS: "as it comes"}}


def contender(engine: str, precision: str, us: float, decisions: list[int], path: Path, macs: int = 2000) -> Contender:
    rounds = {action: [us * k for k in (1.0, 1.1, 0.9, 1.0)] for action in ("invoke", "classify")}
    samples = {"invoke": 4, "classify": 4}
    return Contender(
        "net", precision, engine, 1, path, macs, version="1.0", rounds=rounds, samples=samples, decisions=decisions
    )


@pytest.fixture
def results(tmp_path: Path) -> Results:
    path = tmp_path / "net.int8.tflite"
    path.write_bytes(bytes(800))
    right, other = list(range(10)), [1, 0, *range(2, 10)]
    found = [
        contender(OURS, "int8", 10.0, right, path),
        contender("onnxruntime", "int8", 25.0, other, path),
        contender("keras", "float32", 1000.0, right, path),
        contender(DOT_PRODUCTS, "int8", 40.0, [], path, macs=40_000),
        contender(COPY, "uint8", COPIED_BYTES / 400, [], path),
    ]
    network = Network("net", "drawn", 2000, missing={("ncnn", "float16"): "pnnx is not installed"})
    return summarise([network], found, LABELS, "digits", ENVIRONMENT)


def test_ratios_are_of_our_int8_and_the_floor_is_the_longer_of_two(results: Results) -> None:
    ours, peer, keras = results.rows
    assert ours.to_ours is None
    assert peer.to_ours and peer.to_ours.median == pytest.approx(2.5) and peer.verdict == "slower"
    assert keras.to_ours and keras.to_ours.median == pytest.approx(100)
    # 2,000 multiplications at 1,000 a microsecond take 2 us, 800 bytes at 400 a microsecond too.
    assert (results.macs_per_us, results.bytes_per_us) == (1000, 400)
    assert ours.to_floor == pytest.approx(5.0)


def test_who_decides_otherwise_is_marked(results: Results) -> None:
    ours, peer, _ = results.rows
    assert (ours.accuracy, ours.agreement, ours.same) == (1.0, 1.0, True)
    assert (peer.accuracy, peer.agreement, peer.same) == (0.8, 0.8, False)
    cells = [row for section in network_sections(results) if section.title == "net, 1 thread" for row in section.rows]
    assert [row[0] for row in cells] == [f"{OURS} 1.0", "onnxruntime 1.0", "keras 1.0"]
    assert cells[1][8] == "80.0% (another network)"


def test_what_is_absent_is_told_with_its_reason(results: Results) -> None:
    assert results.absent == (("net as ncnn float16", "pnnx is not installed"),)
    assert results.to_json()["absent"] == [{"what": "net as ncnn float16", "why": "pnnx is not installed"}]


def test_results_come_back_from_their_document(results: Results) -> None:
    document = json.loads(json.dumps(results.to_json()))
    again = Results.from_json(document)
    assert json.loads(json.dumps(again.to_json())) == document
    assert again.rows[1].to_ours == ratio_of(document["rows"][1]["to_ours"])


def ratio_of(document: dict[str, float]) -> Ratio:
    return Ratio(document["median"], document["low"], document["high"])
