"""How much faster two processes read an archive: measured in turns, and held against a bound."""

import json
from pathlib import Path

import pytest

from mnist_edge.benchmarks.endurance import archives
from mnist_edge.benchmarks.endurance.archives import main, measure_archives
from mnist_edge.benchmarks.endurance.reading_time import scene_frames
from mnist_edge.benchmarks.harness import tool
from mnist_edge.dataset import Dataset


@pytest.mark.slow
def test_each_number_of_processes_reads_all_pictures(digits: Dataset) -> None:
    done: list[float] = []
    rates = measure_archives(
        scene_frames(digits.test, 2), repeats=2, rounds=1, progress=lambda now, of, note="": done.append(now / of)
    )
    assert [*rates] == [1, 2] and all(len(found) == 1 and found[0] > 0 for found in rates.values())
    assert done == [1.0]


@pytest.mark.parametrize(("fast", "code"), [(90.0, 0), (89.9, 3)])
def test_the_bound_is_on_the_median_ratio(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    digits: Dataset,
    fast: float,
    code: int,
) -> None:
    rates = {1: [50.0, 50.0, 50.0], 2: [20.0, fast, 100.0]}
    monkeypatch.setattr(archives, "measure_archives", lambda *_, **__: rates)
    monkeypatch.setattr(archives, "load", lambda **_: digits)
    monkeypatch.setattr(archives, "usable_cores", lambda: 2)
    monkeypatch.setattr(tool, "checkout", lambda: tmp_path)
    assert main([]) == code
    assert (tmp_path / "benchmarks" / "results" / "archives.json").is_file() == (code == 0)
    document = json.loads(capsys.readouterr().out)
    assert document["ratio"] == pytest.approx(fast / 50, abs=0.001) and bool(document["broken"]) == (code == 3)
    monkeypatch.setattr(archives, "usable_cores", lambda: 1)
    assert main([]) == 2
    assert "want as many cores" in capsys.readouterr().err
