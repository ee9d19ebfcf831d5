import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mnist_edge import Classifier
from mnist_edge.benchmarks import released
from mnist_edge.benchmarks.mistakes import worst_mistakes
from mnist_edge.benchmarks.release.figures import write_released
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.cli import app
from mnist_edge.dataset import Dataset
from mnist_edge.opencv import cv2
from mnist_edge.shipped_models import find_shipped, shipped_models


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `models.json` in which the default model took 12.3 us on a computer."""
    path, int8 = tmp_path / "models.json", find_shipped("small").files["int8"]
    latency = {"median_us": 12.3, "device": "a computer", "runtime": "a runtime"}
    write_released({"small": {"files": {"int8": file_facts(int8) | {"latency": latency}}}}, path)
    monkeypatch.setattr(released, "RELEASED", path)
    return path


def test_the_list_has_every_file_and_the_latency_where_it_was_measured(figures: Path) -> None:
    rows = json.loads(run("models", "--json").stdout)
    files = {(name, precision) for name, one in shipped_models().items() for precision in one.files}
    assert {(row["name"], row["precision"]) for row in rows} == files
    assert all(set(row) == set(rows[0]) for row in rows)
    latencies = {(row["name"], row["precision"]): (row["latency_us"], row["latency_device"]) for row in rows}
    assert latencies.pop(("small", "int8")) == (12.3, "a computer")
    assert set(latencies.values()) == {(None, None)}
    table = run("models").stdout
    for words in ("accuracy on the test images of MNIST", "bytes", "MACs", "invoke, us", "12.3", "a computer"):
        assert words in table


def test_the_latency_of_another_file_is_not_shown(figures: Path) -> None:
    found = read_released(figures)
    found["small"]["files"]["int8"]["sha256"] = "0" * 64
    write_released(found, figures)
    assert all(row["latency_us"] is None for row in json.loads(run("models", "--json").stdout))


def test_without_figures_the_list_still_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(released, "RELEASED", tmp_path / "gone.json")
    result = run("models", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)
    table = run("models").stdout
    assert "small.int8" in table and "invoke" not in table and "images of MNIST\n" in table


@pytest.mark.parametrize("name", shipped_models())
def test_every_card_is_printed(name: str) -> None:
    assert run("models", "show", name).stdout == find_shipped(name).card.read_text(encoding="utf-8")


def test_the_worst_mistakes_are_drawn_on_request(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_edge.provenance.load_for", lambda *models, **options: digits)
    path = tmp_path / "new" / "mistakes.png"
    result = run("models", "show", "small", "--mistakes", path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("# small")
    wrong = worst_mistakes(Classifier("small").probabilities(digits.test.images), digits.test.labels)
    assert f"{len(wrong)} mistakes drawn in {path}" in result.stderr
    picture = cv2.imread(str(path))
    assert picture is not None and picture.std() > 5
    again = run("models", "show", "small", "--mistakes", path)
    assert again.exit_code == 1 and "--force" in again.stderr and again.stdout == ""
