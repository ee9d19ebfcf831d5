"""Instructions per invoke of the classic recipes, untrained: the weights change a count by less than 0.01 %.

Run as `python -m mnist_edge.benchmarks.release classic-instructions DIR FOLDER`, with the folders of
`mnist_edge.benchmarks.release.instructions`; `make classic-instructions` does, once for each version of the runtime.
"""

from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import Result, run_measurement
from mnist_edge.benchmarks.release.instructions import RUNTIME, Pi, measure_instructions, pi_parser, set_up
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.models.build import build
from mnist_edge.models.recipes import CLASSIC, find_recipe
from mnist_edge.progress import Progress


def untrained_models(folder: Path) -> dict[str, Path]:
    """Every classic recipe as an int8 file in `folder`, by its name."""
    images = np.random.default_rng(0).random((100, 28, 28, 1), np.float32)
    files = {name: folder / f"untrained-{name}.int8.tflite" for name in CLASSIC}
    for name, path in files.items():
        write_bytes(path, to_flatbuffer(build(find_recipe(name)), find_precision("int8"), "int8", images))
    return files


def count_classic(folder: Path, pis: list[Pi]) -> dict[str, Any]:
    """The document of `classic_instructions.json`."""
    return {"runtime": _runtime(), "weights": "untrained", "cpu": measure_instructions(untrained_models(folder), pis)}


def _runtime() -> str:
    return f"{RUNTIME} {version(RUNTIME)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Count; see `run_measurement`."""
    parser = pi_parser(__name__, __doc__)
    return run_measurement(parser, _measure, arguments, means=("tools", "folder"))


def _measure(options: Namespace, _: Progress) -> Result:
    return Result(count_classic(options.folder, set_up(options.tools, options.folder)))
