"""The labelled photographs of a folder, read again by all models that ship: `make photos PHOTOS=DIR`."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.benchmarks.photos import measure_photos
from mnist_edge.benchmarks.release.figures import update_released
from mnist_edge.camera.reader import Reader


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all models that ship again, after the reader has changed."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds pictures and labels.json")
    return run_tool(parser, _measure, arguments)


def _measure(options: Namespace) -> None:
    from mnist_edge.cli.console import progress

    def update(figures: dict[str, Any]) -> None:
        # Some decoders write warnings below Python, such as libpng about a colour profile.
        with progress("photographs") as report, native_stderr.silenced():
            for name in figures:
                figures[name]["photos"] = measure_photos(options.folder, Reader(name), report).to_json()

    update_released("photos", update)
