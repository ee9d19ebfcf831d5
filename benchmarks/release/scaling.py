"""How time grows: with the digits on a page, its size, the images of a batch, and the threads. Run as `make scaling`.

The slope is that of a straight line through the logarithms: 1 is linear, and nothing may grow faster than that. Times
are of the processor, which other processes do not lengthen, but for threads, where the time until the answer counts.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.end_to_end import sample_ink
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.release.bench_check import frame_of_zeros
from mnist_edge.benchmarks.timing import Action, sample_durations
from mnist_edge.camera.reader import Reader
from mnist_edge.classifier import Classifier
from mnist_edge.machine import usable_cores
from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress
from mnist_edge.shipped_models import DEFAULT

# One more than linear, by what measuring adds.
MAX_SLOPE = 1.1
DIGITS = (1, 5, 10, 20, 50, 100, 200)
MEGAPIXELS = (0.1, 0.3, 1.0, 3.0, 12.0)
BATCHES = (1, 4, 16, 64, 256)
ROUNDS = 5


def page(digits: int, width: int = 1600, height: int = 1200) -> NDArray[np.uint8]:
    """Return a page with zeros of the same size in rows of 20, BGR."""
    ink = 255 - sample_ink()
    grey = np.full((height, width), 235, np.uint8)
    for number in range(digits):
        y, x = 60 + 110 * (number // 20), 60 + 75 * (number % 20)
        grey[y : y + ink.shape[0], x : x + ink.shape[1]] = np.minimum(235, ink)
    return np.repeat(grey[..., None], 3, axis=2)


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return the exponent of a power law through the points: 1 where twice the size takes twice the time."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def time_in_turns(
    actions: Sequence[Action], clock: Callable[[], int] = process_time_ns, rounds: int = ROUNDS
) -> list[float]:
    """Return the median time of each action, milliseconds, all in turns."""
    for action in actions:
        action()
    taken = [[int(sample_durations(action, 1, 1, clock)[0]) for action in actions] for _ in range(rounds)]
    return [round(float(one) / 1e6, 4) for one in np.median(taken, axis=0)]


def _series(sizes: Sequence[float], times: Sequence[float]) -> dict[str, Any]:
    return {"sizes": list(sizes), "ms": list(times), "slope": round(slope(sizes, times), 3)}


def measure_scaling(progress: Progress) -> dict[str, dict[str, Any]]:
    """Time everything at every size; returns sizes, milliseconds and slope by what grows."""
    reader, classifier = Reader(DEFAULT), Classifier(DEFAULT)
    pages = [page(count) for count in DIGITS]
    # The same page of ten, larger and larger.
    ten = frame_of_zeros()
    sides = [(round((1e6 * mp * 4 / 3) ** 0.5), round((1e6 * mp * 3 / 4) ** 0.5)) for mp in MEGAPIXELS]
    frames = [np.ascontiguousarray(cv2.resize(ten, side)) for side in sides]
    images = np.random.default_rng(0).integers(0, 256, (max(BATCHES), 28, 28, 1), np.uint8)
    threads = sorted({1, usable_cores()})
    many = [Classifier("large", threads=count) for count in threads]

    def reading(frame: NDArray[np.uint8]) -> Action:
        return lambda: reader.read(frame)

    def classifying(model: Classifier, count: int) -> Action:
        return lambda: model.probabilities(images[:count])

    plan: Mapping[str, tuple[Sequence[float], list[Action]]] = {
        "digits on a page": (DIGITS, [reading(one) for one in pages]),
        "megapixels of a page of ten": (MEGAPIXELS, [reading(one) for one in frames]),
        "images in a batch": (BATCHES, [classifying(classifier, count) for count in BATCHES]),
        "threads, 64 images by large": (threads, [classifying(model, 64) for model in many]),
    }
    found = {}
    for done, (what, (sizes, actions)) in enumerate(plan.items()):
        progress(done, len(plan), what)
        clock = perf_counter_ns if what.startswith("threads") else process_time_ns
        found[what] = _series(sizes, time_in_turns(actions, clock)) if len(sizes) > 1 else {}
    return {what: series for what, series in found.items() if series}


def plot_scaling(series: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw the time against the size, both logarithmic, each with its slope."""
    figure, axes = new_figure(4 * len(series), 3.6, columns=len(series))
    for axis, (what, one) in zip(np.atleast_1d(axes), series.items(), strict=True):
        axis.loglog(one["sizes"], one["ms"], "o-")
        axis.set(xlabel=what, ylabel="ms", title=f"slope {one['slope']:.2f}")
        axis.grid(alpha=0.3, which="both")
    save_figure(figure, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        series = measure_scaling(progress)
    finally:
        cv2.setNumThreads(before)
    broken = [
        f"time grows by a power of {one['slope']:.2f} with {what}, not {MAX_SLOPE} at most"
        for what, one in series.items()
        if one["slope"] > MAX_SLOPE
    ]
    return Result({"model": DEFAULT, "series": series}, broken)
