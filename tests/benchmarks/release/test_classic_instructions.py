import json
from importlib.metadata import version
from pathlib import Path

import pytest

from mnist_edge import Classifier
from mnist_edge.benchmarks.release import classic_instructions
from mnist_edge.benchmarks.release.classic_instructions import count_classic, main
from mnist_edge.benchmarks.release.instructions import Pi, untrained_model
from mnist_edge.models.recipes import CLASSIC
from mnist_edge.tflite_graph import count_macs


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("untrained")
    return {name: untrained_model(name, folder) for name in CLASSIC}


@pytest.mark.slow
def test_each_file_is_the_recipes_network_as_it_would_ship(models: dict[str, Path]) -> None:
    assert tuple(models) == CLASSIC
    recipes = Path(__file__).resolve().parents[3] / "benchmarks" / "results" / "recipes.json"
    measured = {row["recipe"]: row["macs"] for row in json.loads(recipes.read_text())["recipes"]}
    for name, path in models.items():
        classifier = Classifier(path)
        assert count_macs(classifier.interpreter) == measured[name]
        assert classifier.input["dtype"].__name__ == "int8"


def test_every_recipe_is_counted_on_every_pi(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pis: list[Pi] = []
    monkeypatch.setattr(classic_instructions, "untrained_model", lambda name, folder: models[name])
    monkeypatch.setattr(classic_instructions, "set_up", lambda tools, folder: pis)
    for number, cpu in enumerate(("one", "two"), start=1):
        run = tmp_path / cpu
        run.write_text(f"#!/bin/sh\necho 'MARK 2 insn 0 sdot 0' >&2\necho 'MARK 3 insn {number}000 sdot 0' >&2\n")
        run.chmod(0o755)
        pis.append(Pi(cpu, run, tmp_path / "plugin.so", tmp_path / "count.py"))
    expected = {"one": dict.fromkeys(CLASSIC, 50), "two": dict.fromkeys(CLASSIC, 100)}
    assert count_classic(tmp_path, pis)["cpu"] == expected
    assert main(["tools", str(tmp_path), "--output", str(tmp_path / "results.json")]) == 0
    document = json.loads((tmp_path / "results.json").read_text())
    assert (document["cpu"], document["runtime"]) == (expected, f"ai-edge-litert {version('ai-edge-litert')}")
