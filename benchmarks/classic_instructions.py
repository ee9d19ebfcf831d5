"""Instructions per invoke of the classic recipes, untrained: the weights change a count by less than 0.01 %.

Run as `python -m mnist_edge.benchmarks.classic_instructions DIR FOLDER`, with the folders of
`mnist_edge.benchmarks.instructions`; `make instructions` does. What is kept is counted again only for another runtime.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.instructions import RESULTS, RUNTIME, Pi, measure_instructions, set_up
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.errors import MnistEdgeError
from mnist_edge.files import write_bytes, write_text
from mnist_edge.models.build import build
from mnist_edge.models.recipes import CLASSIC, find_recipe

CLASSIC_RESULTS = RESULTS / "classic_instructions.json"


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


def main(tools: str = "", folder: str = "build/pi") -> int:
    """Count and keep the counts; 0 if that went well, or if they are there for this runtime."""
    if CLASSIC_RESULTS.is_file() and json.loads(CLASSIC_RESULTS.read_text())["runtime"] == _runtime():
        return 0
    try:
        document = count_classic(Path(folder), set_up(Path(tools), Path(folder)))
    except MnistEdgeError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    write_text(CLASSIC_RESULTS, json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
