"""What people bring is taken all the way, and what is kept has every form and makes the table."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.harness.tool import checkout
from mnist_edge.benchmarks.release import brought_models
from mnist_edge.benchmarks.release.brought_models import broken_by, brought
from mnist_edge.benchmarks.release.tables.brought import brought_models_table
from mnist_edge.dataset import Dataset


@pytest.mark.slow
def test_a_form_is_taken_all_the_way(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = replace(digits, test=digits.test.take(np.arange(100)))
    monkeypatch.setattr(brought_models, "load", lambda: few)
    kept = tmp_path / "kept.json"
    assert brought_models.main(["28x28, no batch", "in a list", "--output", str(kept)]) == 0
    file, keras = json.loads(kept.read_text())["models"]
    assert (file["file"], keras["file"]) == (".tflite", ".keras") and "exported" not in file
    assert keras["exported"] == "int8" and keras["verified"]
    for row in (file, keras):
        assert row["images"] == 100 and row["evaluate"] == row["tensorflow"] > 90
        assert row["read"] >= 0.9 * row["digits"] > 0 and row["camera"]


def test_each_bound_that_does_not_hold_is_told() -> None:
    good = {
        "form": "784", "file": ".keras", "refused": "", "tensorflow": 9, "evaluate": 9, "exported": "int8",
        "agreement": 1.0, "verified": True, "digits": 10, "read": 9, "camera": True,
    }  # fmt: skip
    assert broken_by(good) == []
    for changed, said in (
        ({"refused": "no such thing"}, "no such thing"),
        ({"evaluate": 8}, "gets 8 images right, and TensorFlow 9"),
        ({"verified": False, "agreement": 0.9}, "90.00%"),
        ({"read": 8}, "8 of the 10 digits"),
        ({"camera": False}, "the camera"),
    ):
        (sentence,) = broken_by(good | changed)
        assert sentence.startswith("784 as .keras: ") and said in sentence


def test_what_is_kept_has_every_form() -> None:
    kept = json.loads((checkout() / "benchmarks" / "results" / "brought_models.json").read_text())["models"]
    assert [(row["form"], row["file"]) for row in kept] == [(one.name, one.file) for one in brought()]
    assert len(brought_models_table().splitlines()) == 4 + len({row["form"] for row in kept})
