"""Every classic recipe trained with three seeds, exported to int8 and verified: `make recipes`."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from mnist_edge.benchmarks.harness.tool import Result, checkout, run_measurement, tool_parser
from mnist_edge.benchmarks.recipes import compare_recipes, comparison, plot_recipes
from mnist_edge.dataset import load
from mnist_edge.models.recipes import CLASSIC
from mnist_edge.progress import Progress

SEEDS = (0, 1, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and keep the figures for the documents."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    data, plot = load(), checkout() / "docs" / "recipes.png"
    results = compare_recipes(CLASSIC, data, Path("runs/recipes"), seeds=SEEDS, progress=progress)
    plot_recipes(results, plot)
    return Result(comparison(results, data))
