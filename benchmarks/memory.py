"""Start-up time and peak memory of a model, measured in a process that does nothing else.

`python -m mnist_edge.benchmarks.memory MODEL RUNTIME THREADS` is that process: it loads the runtime and the model,
invokes, and prints its figures as JSON.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import NamedTuple

from mnist_edge.child_process import run_module
from mnist_edge.errors import ModelError
from mnist_edge.runtime import RUNTIMES

INVOKES = 50
TIMEOUT_S = 120.0


class FreshStart(NamedTuple):
    """The cost of a model in a process of its own.

    Attributes:
        init_ms: Building an interpreter until it is ready, after the runtime is imported.
        first_ms: The first invoke.
        peak_rss_mb: Most memory ever resident, units of 10^6 bytes: Python, NumPy, runtime and model. None where the
            system does not know.
        runtime_rss_mb: The same before the model is loaded.
    """

    init_ms: float
    first_ms: float
    peak_rss_mb: float | None
    runtime_rss_mb: float | None


def measure_fresh_start(model: Path, runtime: str, threads: int = 1, starts: int = 3) -> FreshStart:
    """Start a model in fresh processes, one after the other, and return the median of each figure.

    Raises:
        ModelError: The process failed.
    """
    found = [_start(model, runtime, threads) for _ in range(starts)]
    init, first, peaks, bases = (
        [value for value in column if value is not None] for column in zip(*found, strict=True)
    )
    return FreshStart(
        init_ms=round(median(init), 3),
        first_ms=round(median(first), 3),
        peak_rss_mb=round(median(peaks), 1) if peaks else None,
        runtime_rss_mb=round(median(bases), 1) if bases else None,
    )


def _start(model: Path, runtime: str, threads: int) -> FreshStart:
    outcome = run_module(__name__, str(model), runtime, str(threads), timeout_s=TIMEOUT_S)
    if outcome.failure:
        raise ModelError(
            f"{model.name} failed in a fresh process with {runtime}: {outcome.failure}; "
            "`mnist-edge doctor` shows which runtimes work, and --runtime chooses one"
        )
    return FreshStart(**json.loads(outcome.output.splitlines()[-1]))


def peak_rss_mb() -> float | None:
    """Return the most memory that this process ever had resident, units of 10^6 bytes; None where it is not known."""
    try:
        # Not ru_maxrss: on Linux a process started by a large one inherits that one's peak.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def reset_peak_rss() -> float | None:
    """Let `peak_rss_mb` count from now on; return the memory resident now, None where the system cannot."""
    try:
        # proc(5): 5 sets the peak to what is resident now.
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return peak_rss_mb()


def start_here(model: Path, runtime: str, threads: int) -> FreshStart:
    """Load and run a model in this process, which should be fresh, and return what that cost."""
    found = RUNTIMES[runtime]
    import_module(found.module)
    content = model.read_bytes()
    before = peak_rss_mb()
    begin = perf_counter_ns()
    interpreter = found.build(content, threads)
    ready = perf_counter_ns()
    interpreter.invoke()
    first = perf_counter_ns()
    for _ in range(INVOKES):
        interpreter.invoke()
    return FreshStart((ready - begin) / 1e6, (first - ready) / 1e6, peak_rss_mb(), before)


if __name__ == "__main__":
    print(json.dumps(start_here(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))._asdict()))
