"""Instructions per invoke of the classic recipes, untrained: the weights change a count by less than 0.01 %.

`make classic-instructions` runs it with the folders of `instructions`.
"""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.harness.tool import Result, run_measurement
from mnist_edge.benchmarks.release.instructions import (
    Pi,
    measure_instructions,
    pi_parser,
    runtime,
    set_up,
    untrained_model,
)
from mnist_edge.models.recipes import CLASSIC
from mnist_edge.progress import Progress


def count_classic(folder: Path, pis: list[Pi]) -> dict[str, Any]:
    """Return the document of `classic_instructions.json`; the models are made in `folder`."""
    models = {name: untrained_model(name, folder) for name in CLASSIC}
    return {"runtime": runtime(), "weights": "untrained", "cpu": measure_instructions(models, pis)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Count; see `run_measurement`."""
    return run_measurement(pi_parser(__name__, __doc__), _measure, arguments, means=("tools", "folder"))


def _measure(options: Namespace, _: Progress) -> Result:
    return Result(count_classic(options.folder, set_up(options.tools, options.folder)))
