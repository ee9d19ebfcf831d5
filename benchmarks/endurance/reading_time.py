"""What reading a frame costs, beside the least that finding ink costs and beside what is usually done on a Pi.

Run as `make reading-time`. On one thread, in turns, on the same generated 640x480 frames with ten digits each:

- the floor, and the webcam loop of many Pi projects, as `peers.py` has them;
- `Reader.read`.
"""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mnist_edge.benchmarks.harness.peers import Frame, floor, webcam_loop
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.timing import time_actions
from mnist_edge.camera.reader import Reader
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Split, load
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import DEFAULT

MAX_TO_FLOOR = 2.5
MAX_TO_WEBCAM = 1.0
WIDTH, HEIGHT = 640, 480
SCENES = 10
# Samples of each way on each frame.
RUNS = 15


@dataclass(frozen=True, slots=True)
class FrameTime:
    """The median times of one frame, the contours that the webcam loop classified, and the digits that were read."""

    floor_ms: float
    webcam_ms: float
    reader_ms: float
    contours: int
    digits: int


@dataclass(frozen=True, slots=True)
class ReadingTime:
    """The times of several frames."""

    frames: tuple[FrameTime, ...]

    @property
    def to_floor(self) -> float:
        """The reader's time to the floor's, over all frames together."""
        return self._total("reader_ms") / self._total("floor_ms")

    @property
    def to_webcam(self) -> float:
        """The reader's time to the webcam loop's, over all frames together."""
        return self._total("reader_ms") / self._total("webcam_ms")

    def broken(self) -> list[str]:
        """Return one sentence for each bound that does not hold."""
        bounds = {
            f"reading takes {self.to_floor:.1f} times as long as its floor, not {MAX_TO_FLOOR}": (
                self.to_floor <= MAX_TO_FLOOR
            ),
            f"reading takes {self.to_webcam:.1f} times as long as the usual webcam loop, not {MAX_TO_WEBCAM}": (
                self.to_webcam <= MAX_TO_WEBCAM
            ),
        }
        return [what for what, holds in bounds.items() if not holds]

    def to_json(self) -> dict[str, Any]:
        """Return medians over the frames, and the ratios: of the sums, and the median of the frames' own."""
        names = ("floor_ms", "webcam_ms", "reader_ms", "contours", "digits")
        return {
            "frames": len(self.frames),
            **{name: round(median(getattr(frame, name) for frame in self.frames), 3) for name in names},
            "to_floor": round(self.to_floor, 3),
            "to_webcam": round(self.to_webcam, 3),
            "median_to_floor": round(median(frame.reader_ms / frame.floor_ms for frame in self.frames), 3),
            "median_to_webcam": round(median(frame.reader_ms / frame.webcam_ms for frame in self.frames), 3),
        }

    def _total(self, name: str) -> float:
        return float(sum(getattr(frame, name) for frame in self.frames))


def measure_reading_time(
    frames: Sequence[Frame],
    model: str | Path = DEFAULT,
    runs: int | None = None,
    progress: Progress = no_progress,
) -> ReadingTime:
    """Time the three ways on each frame, in turns.

    Args:
        frames: Shape (480, 640, 3), BGR; at least one.
        model: Read by both the reader and the webcam loop.
        runs: Samples of each way on each frame; None takes `RUNS`.
        progress: Receives the number of frames done.
    """
    reader, times = Reader(model), []
    # A classifier of its own: the reader's changes the size of its batch, which the webcam loop never does.
    classifier = Classifier(model)
    with _one_thread():
        for frame in frames:
            times.append(_time_frame(frame, reader, classifier, runs or RUNS))
            progress(len(times), len(frames), "timing")
    return ReadingTime(tuple(times))


def _time_frame(frame: Frame, reader: Reader, classifier: Classifier, runs: int) -> FrameTime:
    actions = (lambda: floor(frame), lambda: webcam_loop(frame, classifier), lambda: reader.read(frame))
    floor_ms, webcam_ms, reader_ms = (timing.median / 1000 for timing in time_actions(actions, runs, warm_up_ms=0))
    contours, digits = len(webcam_loop(frame, classifier)), len(reader.read(frame).digits)
    return FrameTime(floor_ms, webcam_ms, reader_ms, contours, digits)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def scene_frames(split: Split, count: int = SCENES) -> list[Frame]:
    """Return generated frames with ten digits each."""
    easy = Conditions(rows=2, columns=5)
    return [draw_page(split, seed, easy, width=WIDTH, height=HEIGHT).image for seed in range(count)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    frames = scene_frames(load(fallback=True, progress=progress).test)
    found = measure_reading_time(frames, progress=progress)
    return Result({"model": DEFAULT, "scenes": found.to_json()}, found.broken())
