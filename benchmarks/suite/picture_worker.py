"""The process in which an engine reads pictures: `python -m mnist_edge.benchmarks.suite.picture_worker FOLDER`.

Each line of its standard input is a request, each line that it prints the answer, in JSON; see `PictureBench`.
"""

import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.suite.answers import answer_all
from mnist_edge.benchmarks.suite.picture_engines import PICTURE_ENGINES, Read


class PictureBench:
    """The engine that this process has loaded."""

    def __init__(self, folder: Path) -> None:
        """Remember where pictures lie."""
        self._folder = folder
        self._read: Read | None = None

    def version(self, engine: str) -> dict[str, Any]:
        """Tell the engine's version; None where it is not installed."""
        return {"version": PICTURE_ENGINES[engine].version()}

    def load(self, engine: str) -> dict[str, Any]:
        """Make the engine ready."""
        self._read = PICTURE_ENGINES[engine].load()
        return {}

    def read(self, name: str) -> dict[str, Any]:
        """Read a picture, a file of `numpy.save`; tell the texts, the time for them, and the processor's."""
        assert self._read, "read comes after load"
        picture = np.load(self._folder / name)
        begin, begin_cpu = time.perf_counter(), _cpu_s()
        texts = self._read(picture)
        ended, ended_cpu = time.perf_counter(), _cpu_s()
        ms, cpu_ms = round((ended - begin) * 1000, 3), round((ended_cpu - begin_cpu) * 1000, 3)
        return {"texts": texts, "ms": ms, "cpu_ms": cpu_ms}


def _cpu_s() -> float:
    """Time that processors gave this process and the children that it has waited for."""
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in of)


if __name__ == "__main__":
    answer_all(PictureBench(Path(sys.argv[1])), ("version", "load", "read"))
