"""The models that ship on other people's digits: `make sets SETS=DIR`, with the sets that docs/models.md names."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.benchmarks.sets import SetFigures, evaluate_sets
from mnist_edge.progress import Progress
from mnist_edge.shipped_models import resolve_shipped

# A set has more digits than a confusion matrix has room for in a document.
KEPT = ("name", "images", "accuracy", "ece", "refused", "confused")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("sets"), help="holds the sets (sets)")
    return run_measurement(parser, _measure, arguments, means=("folder",))


def _measure(options: Namespace, progress: Progress) -> Result:
    models: dict[str, Any] = {}
    for name in read_released():
        path = resolve_shipped(f"{name}.int8")
        figures = evaluate_sets(path, options.folder, progress=progress)
        models[name] = {"file": file_facts(path), "sets": [_kept(one) for one in figures]}
    return Result({"models": models})


def _kept(figures: SetFigures) -> dict[str, Any]:
    whole = figures.to_json()
    return {key: whole[key] for key in KEPT}
