"""How long the models that ship take on this machine: a part of `make measure`, on a quiet machine."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from mnist_edge.benchmarks.benchmark import Measurement, benchmark
from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.benchmarks.release.figures import update_released
from mnist_edge.benchmarks.released import file_facts
from mnist_edge.shipped_models import shipped_models


def keep_latency(figures: dict[str, Any], measured: list[Measurement]) -> None:
    """Put each measurement beside the file that it is of; a file without figures is left out."""
    for measurement in measured:
        facts = figures.get(measurement.model, {}).get("files", {}).get(measurement.precision, {})
        if facts.get("sha256") == file_facts(measurement.file)["sha256"]:
            device = measurement.device.board or measurement.device.cpu
            facts["latency"] = {
                "median_us": round(measurement.invoke_us.median, 1),
                "device": device,
                "runtime": measurement.runtime,
            }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every file that ships, and write the figures and the cards."""
    return run_tool(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace) -> None:
    files = [path for model in shipped_models().values() for path in model.files.values()]
    update_released("latency", lambda figures: keep_latency(figures, benchmark(files)))
