"""How long the models that ship take on this machine, kept beside their other figures: part of `make measure`.

Run as `python -m mnist_edge.benchmarks.release.latency` on a quiet machine.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from mnist_edge.benchmarks.benchmark import Measurement, benchmark
from mnist_edge.benchmarks.release.card import write_cards
from mnist_edge.benchmarks.released import file_facts, read_released, stamped, write_released
from mnist_edge.benchmarks.tool import checkout, run_tool, stamp, tool_parser
from mnist_edge.shipped_models import shipped_models


def keep_latency(figures: dict[str, Any], measured: list[Measurement]) -> None:
    """Put each measurement beside the file that it is of; a file that has no figures is left out.

    Args:
        figures: The document of `models.json`.
        measured: Of files that ship.
    """
    for one in measured:
        facts = figures.get(one.model, {}).get("files", {}).get(one.precision, {})
        if facts.get("sha256") == file_facts(one.file)["sha256"]:
            device = one.device.board or one.device.cpu
            facts["latency"] = {"median_us": round(one.invoke_us.median, 1), "device": device, "runtime": one.runtime}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every file that ships, and write the figures and the cards."""
    return run_tool(tool_parser("latency", __doc__), _measure, arguments)


def _measure(_: Namespace) -> None:
    checkout()
    figures, measured_at = read_released(), stamp()
    keep_latency(figures, benchmark([path for one in shipped_models().values() for path in one.files.values()]))
    write_released(stamped(figures, figures, "latency", measured_at))
    write_cards()


if __name__ == "__main__":
    sys.exit(main())
