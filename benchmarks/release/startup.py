"""What `mnist-edge --help` costs, beside importing the two libraries that it stands on.

Run as `python -m mnist_edge.benchmarks.release startup [RUNS]`, part of `make measure`.
"""

import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.timing import Timing, time_actions
from mnist_edge.progress import Progress

HELP = ("-m", "mnist_edge", "--help")
LIBRARIES = ("-c", "import typer, rich")
# Enough for a median: each sample is a whole process.
RUNS = 20


@dataclass(frozen=True, slots=True)
class Startup:
    """The cost of asking for help, process and all.

    Attributes:
        help_us: Of `mnist-edge --help`.
        libraries_us: Of `python -c "import typer, rich"`.
    """

    help_us: Timing
    libraries_us: Timing

    @property
    def ratio(self) -> float:
        """The first median over the second."""
        return self.help_us.median / self.libraries_us.median

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types, with the ratio."""
        return asdict(self) | {"ratio": round(self.ratio, 3)}


def measure_startup(runs: int = RUNS) -> Startup:
    """Time both, in turns.

    Args:
        runs: Samples of each.
    """
    help_us, libraries_us = time_actions([_python(*HELP), _python(*LIBRARIES)], runs, warm_up_ms=0)
    return Startup(help_us, libraries_us)


def _python(*arguments: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("runs", nargs="?", type=int, default=RUNS, help=f"samples of each ({RUNS})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, _: Progress) -> Result:
    return Result(measure_startup(options.runs).to_json())
