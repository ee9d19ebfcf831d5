"""The figures and pictures in the documents, made from measured files: `make docs`.

A document marks where a figure goes: `<!-- figures: NAME -->` before it and `<!-- end -->` behind it.
"""

import re
from argparse import Namespace
from collections.abc import Sequence

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.harness.tool import checkout, run_tool, tool_parser
from mnist_edge.benchmarks.release.card import write_cards
from mnist_edge.benchmarks.release.finder import write_finder_card
from mnist_edge.benchmarks.release.measured import is_measured, measured
from mnist_edge.benchmarks.release.pictures import draw_models, draw_reading
from mnist_edge.benchmarks.release.scaling import plot_scaling
from mnist_edge.benchmarks.release.tables import Figures, brought, camera, cluster, emulated, models, reading, speed

DOCUMENTS = (
    "README.md",
    "docs/models.md",
    "docs/recipes.md",
    "docs/benchmarks.md",
    "docs/reading.md",
    "docs/camera.md",
    "docs/forms.md",
    "docs/export.md",
    "docs/raspberry-pi.md",
)
FIGURES: Figures = {
    name: figure
    for part in (models, brought, reading, camera, cluster, speed, emulated)
    for name, figure in part.FIGURES.items()
}
_BLOCK = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(document: str) -> str:
    """Return the document with every marked figure made again from its file in `benchmarks/results`."""
    return _BLOCK.sub(lambda found: f"{found[1]}{FIGURES[found[2]]()}{_missed(found[2])}\n{found[3]}", document)


def _missed(name: str) -> str:
    """The bounds that did not hold when a figure was measured, to be written beside it."""
    file = name.replace("-", "_")
    found = measured(file) if is_measured(file) else {}
    broken = found.get("broken") if isinstance(found, dict) else None
    return f"\n\n**A bound is missed:** {'; '.join(broken)}." if broken else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cards of the models and the figures into the documents, and draw the pictures."""
    return run_tool(tool_parser(__name__, __doc__), _write, arguments)


def _write(_: Namespace) -> None:
    root = checkout()
    write_cards()
    write_finder_card()
    for name in DOCUMENTS:
        path = root / name
        write_text(path, render(path.read_text()))
    draw_models(measured("recipes"), measured("published"), root / "docs")
    draw_reading(root / "docs")
    plot_scaling(measured("scaling")["series"], root / "docs" / "scaling.png")
