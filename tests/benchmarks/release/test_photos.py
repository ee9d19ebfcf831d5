"""The photographs are measured again: the other figures stay, and what cannot be read is one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.photos import measure_photos
from mnist_edge.benchmarks.release.figures import write_released
from mnist_edge.benchmarks.release.photos import main
from mnist_edge.benchmarks.released import read_released
from mnist_edge.camera.images import write_image
from mnist_edge.camera.reader import Reader


def test_only_the_figures_of_the_photographs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "empty.png", np.full((120, 160, 3), 220, np.uint8))
    (tmp_path / "labels.json").write_text(json.dumps([{"file": "empty.png", "digits": []}]))
    kept = tmp_path / "models.json"
    files = {"int8": {"bytes": 1}}
    write_released({name: {"files": files, "photos": None} for name in ("small", "nano")}, kept)
    monkeypatch.setattr("mnist_edge.benchmarks.released.RELEASED", kept)
    monkeypatch.setattr("mnist_edge.benchmarks.release.figures.write_cards", lambda: None)
    assert main([str(tmp_path)]) == 0
    released, score = read_released(kept), measure_photos(tmp_path, Reader())
    assert released["small"]["stamps"]["photos"]["machine"]["cores"] >= 1
    assert released["nano"]["files"] == files
    # All but the time is the same again.
    assert released["small"]["photos"] | {"median_ms": score.median_ms} == score.to_json()


def test_what_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
