"""Other people's digits are measured with the very files that ship, and what is kept makes the table."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.harness.tool import checkout
from mnist_edge.benchmarks.release import sets
from mnist_edge.benchmarks.release.tables.models import sets_table
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.dataset import Dataset
from mnist_edge.shipped_models import resolve_shipped


def test_each_model_is_measured_on_each_set(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = digits.test.take(np.arange(40))
    np.savez(tmp_path / "theirs.npz", images=few.images[..., 0], labels=few.labels)
    monkeypatch.setattr(sets, "read_released", lambda: {"nano": {}, "small": {}})
    assert sets.main([str(tmp_path), "--output", str(tmp_path / "kept.json")]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert list(models) == ["nano", "small"]
    (one,) = models["small"]["sets"]
    assert one["name"] == "theirs.npz" and one["images"] == 40 and one["accuracy"] > 0.5 and "confusion" not in one
    assert len(one["confused"]) <= 3


def test_what_is_kept_is_of_the_files_that_ship() -> None:
    kept = json.loads((checkout() / "benchmarks" / "results" / "sets.json").read_text())["models"]
    assert set(kept) == set(read_released())
    for name, found in kept.items():
        assert found["file"] == file_facts(resolve_shipped(f"{name}.int8"))
        assert all(0.8 < one["accuracy"] <= 1 for one in found["sets"])
    lines = sets_table().splitlines()
    assert len(lines) == 3 + len(kept["small"]["sets"]) and lines[-1].startswith("| mean of the sets")
