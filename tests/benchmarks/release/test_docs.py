import json
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.release.card import cards
from mnist_edge.benchmarks.release.docs import DOCUMENTS, FIGURES, render
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.shipped_models import find_shipped, shipped_models

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_figures_in_the_documents_are_the_measured_ones(name: str) -> None:
    document = (ROOT / name).read_text()
    assert render(document) == document, "run: make docs"


def test_the_cards_are_made_of_the_measured_figures() -> None:
    found = cards()
    assert found
    for name, text in found.items():
        assert find_shipped(name).card.read_text() == text, "run: make docs"


def test_the_figures_are_of_the_files_that_ship() -> None:
    figures = read_released()
    assert set(figures) == set(shipped_models())
    for name, shipped in shipped_models().items():
        for precision, path in shipped.files.items():
            assert figures[name]["files"][precision]["sha256"] == file_facts(path)["sha256"]


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("*.json")), ids=lambda path: path.stem)
def test_a_stamp_says_when_and_of_what_code(path: Path) -> None:
    for stamp in _stamps(json.loads(path.read_text())):
        assert all(stamp[name] for name in ("date", "commit", "command", "versions", "machine"))
        assert isinstance(stamp["clean"], bool)


def _stamps(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        return []
    own = [document["stamp"]] if "stamp" in document else []
    return own + [
        one for figures in document.values() if isinstance(figures, dict) for one in figures.get("stamps", {}).values()
    ]


def test_every_published_figure_has_its_source() -> None:
    published = json.loads((ROOT / "benchmarks" / "results" / "published.json").read_text())
    document = (ROOT / "docs" / "models.md").read_text()
    assert all(f"[{row['source']}]({row['url']})" in document for row in published)
    assert all(row["url"].startswith("http") and 90 < row["accuracy_percent"] < 100 for row in published)


def test_every_figure_is_shown_somewhere() -> None:
    text = "".join((ROOT / name).read_text() for name in DOCUMENTS)
    assert all(f"<!-- figures: {figure} -->" in text for figure in FIGURES)


def test_only_what_is_marked_is_made_anew() -> None:
    document = "before\n<!-- figures: startup -->\nstale\n<!-- end -->\nbehind\n"
    rendered = render(document)
    assert rendered.startswith("before\n<!-- figures: startup -->\n`mnist-edge --help`")
    assert rendered.endswith("<!-- end -->\nbehind\n")
    assert "stale" not in rendered
