from copy import deepcopy
from typing import Any

import pytest

from mnist_edge.benchmarks.benchmark import Measurement, benchmark
from mnist_edge.benchmarks.release.latency import keep_latency
from mnist_edge.benchmarks.released import file_facts
from mnist_edge.shipped_models import find_shipped


@pytest.fixture(scope="module")
def measured() -> list[Measurement]:
    return benchmark([find_shipped("small").files["int8"]], runs=5, warm_up_ms=1)


@pytest.fixture
def figures() -> dict[str, Any]:
    return {"small": {"files": {"keras": {}, "int8": file_facts(find_shipped("small").files["int8"])}}}


def test_the_median_stands_beside_the_file_with_where_it_was_measured(
    figures: dict[str, Any], measured: list[Measurement]
) -> None:
    keep_latency(figures, measured)
    (one,) = measured
    assert figures["small"]["files"]["int8"]["latency"] == {
        "median_us": round(one.invoke_us.median, 1),
        "device": one.device.board or one.device.cpu,
        "runtime": one.runtime,
    }


def test_a_file_that_the_figures_are_not_of_gets_none(figures: dict[str, Any], measured: list[Measurement]) -> None:
    figures["small"]["files"]["int8"]["sha256"] = "0" * 64
    documents: list[dict[str, Any]] = [figures, {}, {"small": {"files": {}}}]
    for document in documents:
        before = deepcopy(document)
        keep_latency(document, measured)
        assert document == before
