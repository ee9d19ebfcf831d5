"""What the loop and its sinks cost: ways are timed in turns, and compared with the first."""

import json
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from mnist_edge.benchmarks.endurance import loop_cost
from mnist_edge.benchmarks.endurance.loop_cost import Cost, main, measure_loop_cost, open_ways
from mnist_edge.benchmarks.harness import tool
from mnist_edge.dataset import Dataset

FRAMES = [np.full((120, 160, 3), 220, np.uint8)] * 2


def test_ways_are_compared_with_the_first() -> None:
    turns: list[str] = []

    def way(name: str, seconds: float) -> None:
        turns.append(name)
        sleep(seconds)

    ways = {"alone": lambda: way("alone", 0.01), "slow": lambda: way("slow", 0.05)}
    alone, slow = measure_loop_cost(FRAMES, ways, rounds=3)
    assert turns == ["alone", "slow"] * 4
    assert (alone.name, alone.ratio) == ("alone", 1.0)
    assert slow.ratio > 1.5 and slow.frame_ms >= 25
    # Sleeping takes no processor.
    assert slow.cpu_ms < slow.frame_ms


def test_every_sink_is_a_way() -> None:
    with open_ways(FRAMES) as ways:
        assert list(ways)[:2] == ["reading alone", "loop"]
        assert {"events", "recording", "collecting", "web page, viewers: 0", "web page, viewers: 2"} <= set(ways)
        for way in ways.values():
            way()


@pytest.mark.parametrize(("ratio", "code"), [(1.15, 0), (1.16, 3)])
def test_the_bound_is_the_loops(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    digits: Dataset,
    ratio: float,
    code: int,
) -> None:
    costs = [Cost("reading alone", 5, 5, 1.0), Cost("loop", 5, 5, ratio), Cost("recording", 9, 9, 1.8)]
    monkeypatch.setattr(loop_cost, "measure_loop_cost", lambda *_, **__: costs)
    monkeypatch.setattr(loop_cost, "load", lambda **_: digits)
    monkeypatch.setattr(tool, "checkout", lambda: tmp_path)
    assert main([]) == code
    assert (tmp_path / "benchmarks" / "results" / "loop_cost.json").is_file() == (code == 0)
    document = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in document["costs"]] == ["reading alone", "loop", "recording"]
    assert bool(document["broken"]) == (code == 3)
