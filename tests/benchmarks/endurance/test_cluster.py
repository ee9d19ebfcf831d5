"""A cluster that is measured: its pictures, its bounds, and a short real run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.endurance.cluster import broken, draw_pictures, main
from mnist_edge.benchmarks.harness.process_usage import children_of, usage_of
from mnist_edge.camera.images import read_image

GOOD: dict[str, Any] = {
    "pictures": 1000, "lost": 0, "twice": 0, "failed": 0, "idle": 0.1, "parts": [{"what": "client", "growth_mb": 32.0}],
}  # fmt: skip


def test_the_bounds() -> None:
    assert not broken(GOOD)
    worse: dict[str, tuple[Any, str]] = {
        "lost": (1, "1 of 1,000 pictures were lost"),
        "twice": (2, "2 of 1,000 pictures were twice"),
        "failed": (3, "3 of 1,000 pictures were failed"),
        "idle": (0.1001, "the workers were idle for 10.0% of the time, more than 10%"),
        "parts": ([{"what": "client", "growth_mb": 33.0}], "the memory of a client grew by 33 MB, more than 32"),
    }
    for name, (value, sentence) in worse.items():
        assert broken({**GOOD, name: value}) == [sentence]


def test_no_two_pictures_are_alike_and_all_are_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_edge.benchmarks.endurance.cluster.DRAWN", 3)
    monkeypatch.setattr("mnist_edge.benchmarks.endurance.cluster.FOLDER_PICTURES", 4)
    draw_pictures(tmp_path, 10)
    found = sorted(tmp_path.rglob("*.jpg"))
    assert [path.relative_to(tmp_path).as_posix() for path in (found[0], found[-1])] == [
        "0000/0000000.jpg", "0002/0000009.jpg",
    ]  # fmt: skip
    assert len({path.read_bytes() for path in found}) == 10
    assert {read_image(str(path)).shape for path in found} == {(120, 161, 3)}
    assert len({read_image(str(path)).tobytes() for path in found}) == 3


def test_what_a_process_uses() -> None:
    command = [sys.executable, "-c", "print(sum(range(10**7)), flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout and child.stdout.readline()
        assert child.pid in children_of(os.getpid())
        used = usage_of(child.pid)
        assert used and used.rss_mb > 3
        child.communicate(b"\n")
    assert usage_of(child.pid) is None and child.pid not in children_of(os.getpid())
    mine = usage_of(os.getpid())
    assert mine and mine.cpu_s > 0.1 and mine.rss_mb > used.rss_mb


def test_one_worker_is_too_few(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workers", "1"]) == 2
    assert "there must be two or more" in capsys.readouterr().err


@pytest.mark.slow
def test_a_short_run(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed")
    code = main(["150", "--workers", "2"])
    document = json.loads(capsys.readouterr().out)
    assert (document["pictures"], document["lost"], document["twice"], document["failed"]) == (150, 0, 0, 0)
    assert document["digits"] > 300 and 0 < document["idle"] < 1
    assert {one["what"] for one in document["parts"]} == {"client", "scheduler", "worker", "reading process"}
    assert code == (3 if document["broken"] else 0)
