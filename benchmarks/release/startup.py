"""What `mnist-edge --help` costs, beside importing the two libraries that it stands on: a part of `make measure`."""

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.timing import time_actions
from mnist_edge.progress import Progress

HELP = ("-m", "mnist_edge", "--help")
LIBRARIES = ("-c", "import typer, rich")
# Enough for a median: each sample is a whole process.
RUNS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("runs", nargs="?", type=int, default=RUNS, help=f"samples of each ({RUNS})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, _: Progress) -> Result:
    help_us, libraries_us = time_actions([_python(*HELP), _python(*LIBRARIES)], options.runs, warm_up_ms=0)
    ratio = round(help_us.median / libraries_us.median, 3)
    return Result({"help_us": asdict(help_us), "libraries_us": asdict(libraries_us), "ratio": ratio})


def _python(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
