from pathlib import Path

import pytest

from mnist_edge.benchmarks.docs import DOCUMENTS, FIGURES, render

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_figures_in_the_documents_are_the_measured_ones(name: str) -> None:
    document = (ROOT / name).read_text()
    assert render(document) == document, "run: make docs"


def test_every_figure_is_shown_somewhere() -> None:
    text = "".join((ROOT / name).read_text() for name in DOCUMENTS)
    assert all(f"<!-- figures: {figure} -->" in text for figure in FIGURES)


def test_only_what_is_marked_is_made_anew() -> None:
    document = "before\n<!-- figures: startup -->\nstale\n<!-- end -->\nbehind\n"
    rendered = render(document)
    assert rendered.startswith("before\n<!-- figures: startup -->\n`mnist-edge --help`")
    assert rendered.endswith("<!-- end -->\nbehind\n")
    assert "stale" not in rendered
