"""What the documents say of a cluster, and what they multiply."""

from typing import Any

import pytest

from mnist_edge.benchmarks.release.tables import cluster

MEASURED: dict[str, Any] = {
    "workers": 2, "pictures": 1000, "digits": 2500, "pictures_per_second": 100.4, "reading_ms": 8.0, "idle": 0.05,
    "lost": 0, "twice": 0, "failed": 0, "row_bytes": 500, "stamp": {"machine": {"cores": 2}},
    "parts": [
        {"what": what, "processes": 1, "mb": 100.0, "growth_mb": 1.0, "cpu_ms": cpu_ms}
        for what, cpu_ms in (("client", 0.1), ("scheduler", 0.2), ("worker", 1.0), ("reading process", 9.0))
    ],
}  # fmt: skip
FILES: dict[str, Any] = {"cluster": MEASURED, "reading_time": {"scenes": {"reader_ms": 35.0}}}


def test_the_plan_multiplies_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "is_measured", FILES.__contains__)
    monkeypatch.setattr(cluster, "measured", FILES.__getitem__)
    assert "For **5.0%** of their time the workers did not read." in cluster.cluster_table()
    plan = cluster.cluster_plan()
    # 10 ms a page, and 1 + 35.
    assert "| 160x120, as above | 278 | 1.4 | 0.2 | 0.0 |" in plan
    assert "| 640x480 with ten digits, without opening the files | 1,000 | 5.2 | 0.7 | 0.1 |" in plan
    assert (
        "What saturates first is the scheduler, one process that has no time left at 5,000 pictures a second," in plan
    )
    assert "by 50 cores of the small pages, and by 180 of the others" in plan
    assert "rows of 500 bytes are 50 GB" in plan and "take 1.6 GB of memory" in plan


def test_what_is_not_measured_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "is_measured", lambda name: False)
    assert cluster.cluster_table() == cluster.cluster_plan() == "Not measured yet; `make cluster` does."
