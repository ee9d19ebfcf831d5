"""The process in which an engine runs: `python -m mnist_edge.benchmarks.suite.worker IMAGES`.

Each line of its standard input is a request, each line that it prints the answer, in JSON; see `Bench`.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.memory import peak_rss_mb
from mnist_edge.benchmarks.suite.answers import answer_all
from mnist_edge.benchmarks.suite.engines import ENGINES, Session
from mnist_edge.benchmarks.timing import Action, calls_per_sample, sample_durations

WARM_UP_MS = 30.0
# A turn ends after this long, however many samples were asked for; `predict` takes tens of milliseconds.
TURN_NS = 6_000_000
# Some engines' threads wait actively for so long after their work, and would be in the way of whose turn is next.
REST_S = 0.02


class Bench:
    """The networks that this process has loaded."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        """Remember the images, shape (n, 28, 28, 1), uint8, that `decide` answers for."""
        self._images = images
        self._sessions: dict[str, Session] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._threads: dict[str, int] = {}

    def version(self, engine: str) -> dict[str, Any]:
        """Tell the engine's version; None where it is not installed."""
        return {"version": ENGINES[engine].version}

    def load(self, key: str, engine: str, path: str, threads: int) -> dict[str, Any]:
        """Load a network and run it once."""
        begin = time.perf_counter_ns()
        session = ENGINES[engine].load(Path(path), threads)
        ready = time.perf_counter_ns()
        session.invoke()
        first = time.perf_counter_ns()
        self._sessions[key], self._threads[key] = session, threads
        return {"init_ms": (ready - begin) / 1e6, "first_ms": (first - ready) / 1e6, "peak_rss_mb": peak_rss_mb()}

    def decide(self, key: str, most: int | None = None) -> dict[str, Any]:
        """Tell the class of each image, or of the first `most`, one after another, as they are timed."""
        session, images = self._sessions[key], self._images[:most]
        assert session.classify, "a kernel decides nothing"
        given = [images] if session.batched else [image[None] for image in images]
        return {"decisions": np.concatenate(list(map(session.classify, given))).argmax(axis=1).tolist()}

    def time(self, key: str, action: str, samples: int) -> dict[str, Any]:
        """Time one action, after a call that fills the caches again."""
        act = self._action(key, action)
        if (key, action) not in self._calls:
            self._calls[key, action] = calls_per_sample(act, WARM_UP_MS)
        calls = self._calls[key, action]
        (once,) = sample_durations(act, calls, 1)
        durations = sample_durations(act, calls, int(max(1, min(samples, TURN_NS / once))))
        if self._threads[key] > 1:
            time.sleep(REST_S)
        return {"us": [round(float(one), 4) for one in durations / (1000 * calls)]}

    def _action(self, key: str, action: str) -> Action:
        session = self._sessions[key]
        if action == "invoke" or session.classify is None:
            return session.invoke
        classify, image = session.classify, self._images[:1]
        return lambda: int(classify(image).argmax())


if __name__ == "__main__":
    answer_all(Bench(np.load(Path(sys.argv[1]))), ("version", "load", "decide", "time"))
