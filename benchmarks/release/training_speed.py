"""How fast the recipes that ship train, beside another checkout: epochs in turns on one core, processor time compared.

`training-speed BEFORE` trains each recipe, without its teacher, here and in the checkout BEFORE, such as a
`git worktree` of an earlier commit. Each side is a process of its own (`training_worker.py`), which trains an epoch
when it is told to.
"""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from mnist_edge.benchmarks.harness.tool import ROOT, Result, run_measurement, tool_parser
from mnist_edge.errors import UsageError
from mnist_edge.progress import Progress

RECIPES = ("nano", "small")
WORKER = Path(__file__).parents[1] / "training_worker.py"

# From the processor's seconds and the wall clock's of one epoch to the images in it.
Epoch = dict[str, float]


def measure_recipe(recipe: str, checkouts: Sequence[Path], epochs: int, report: Progress) -> dict[str, Any]:
    """Train a recipe in each checkout, epoch by epoch in turns.

    Returns:
        `images_per_second` of a core's time, one for each checkout, and `ratio`, of the last to the first: medians over
        the epochs, and for the ratio also the least and the greatest.
    """
    with _worker(checkouts[0], recipe, epochs) as first, _worker(checkouts[-1], recipe, epochs) as last:
        rounds = []
        # The first epoch of each builds its graph.
        for done in range(-1, epochs):
            pair = [_next_epoch(process) for process in (first, last)]
            if done >= 0:
                rounds.append([epoch["images"] / epoch["processor_s"] for epoch in pair])
            report(done + 1, epochs, recipe)
    ratios = [after / before for before, after in rounds]
    return {
        "recipe": recipe,
        "images_per_second": [round(median(column)) for column in zip(*rounds, strict=True)],
        "ratio": round(median(ratios), 3),
        "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def _next_epoch(process: "subprocess.Popen[str]") -> Epoch:
    assert process.stdin and process.stdout
    try:
        print("go", file=process.stdin, flush=True)
        return dict(json.loads(process.stdout.readline()))
    except (OSError, ValueError):
        raise UsageError(f"a training ended early: {_last_line(process)}") from None


def _last_line(process: "subprocess.Popen[str]") -> str:
    _, errors = process.communicate()
    return (errors.strip().splitlines() or ["it ended without a word"])[-1]


@contextmanager
def _worker(checkout: Path, recipe: str, epochs: int) -> Iterator["subprocess.Popen[str]"]:
    # As text, since a file's folder, where modules are called as others elsewhere, would come first in its path.
    command = [sys.executable, "-c", WORKER.read_text(), recipe, str(epochs + 1), str(checkout)]
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(checkout)}, cwd=checkout, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _measure(options: Namespace, report: Progress) -> Result:
    before = options.before.resolve()
    if not (before / "mnist_edge" / "__init__.py").is_file():
        raise UsageError(f"{options.before} is no checkout of mnist-edge")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=before, capture_output=True, text=True)
    found = [measure_recipe(recipe, (before, ROOT), options.epochs, report) for recipe in RECIPES]
    return Result({"before": commit.stdout.strip() or None, "epochs": options.epochs, "recipes": found})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and keep the result; returns the exit code."""
    parser = tool_parser(__name__, __doc__ or "")
    parser.add_argument("before", type=Path, nargs="?", default=Path(), metavar="BEFORE", help="the other checkout")
    parser.add_argument("--epochs", type=int, default=4, help="how many epochs are compared, of 11,264 images")
    return run_measurement(parser, _measure, arguments, means=("before",))
