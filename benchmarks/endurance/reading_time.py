"""What reading a frame costs, beside the least that finding ink costs and beside what is usually done on a Pi.

Run as `make reading-time`, or `python -m mnist_edge.benchmarks.endurance reading-time [PHOTOS_DIR]`. On one thread, in
turns, on the same 640x480 frames:

- the floor: grey, adaptive threshold, connected components with their statistics;
- the webcam loop of many Pi projects: grey, blur, one threshold for the frame (Otsu), outer contours, and for each of
  them its bounding box resized to 28x28 and one invoke;
- `Reader.read`.

The frames are generated, with ten digits each. PHOTOS_DIR, a folder with `labels.json`, adds its pictures, brought to
frames of the same size.
"""

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.photo_labels import read_labels
from mnist_edge.benchmarks.timing import time_actions
from mnist_edge.camera.images import read_image
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

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameTime:
    """The median times of one frame.

    Attributes:
        floor_ms: The floor's.
        webcam_ms: The webcam loop's.
        reader_ms: `Reader.read`'s.
        contours: How many the webcam loop found, and so its invokes.
        digits: How many the reader read.
    """

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
        """The bounds that do not hold, in words."""
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
        """Medians over the frames, and the ratios: of the sums, and the median of the frames' own."""
        names = ("floor_ms", "webcam_ms", "reader_ms", "contours", "digits")
        return {
            "frames": len(self.frames),
            **{name: round(median(getattr(one, name) for one in self.frames), 3) for name in names},
            "to_floor": round(self.to_floor, 3),
            "to_webcam": round(self.to_webcam, 3),
            "median_to_floor": round(median(one.reader_ms / one.floor_ms for one in self.frames), 3),
            "median_to_webcam": round(median(one.reader_ms / one.webcam_ms for one in self.frames), 3),
        }

    def _total(self, name: str) -> float:
        return float(sum(getattr(one, name) for one in self.frames))


def floor(frame: Frame) -> int:
    """Find ink in the cheapest way that stands uneven light; returns the number of pieces, paper included."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 10)
    return int(cv2.connectedComponentsWithStats(ink)[0])


def webcam_loop(frame: Frame, classifier: Classifier) -> list[int]:
    """Read a frame as many a webcam project does; returns a label for each contour."""
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    labels = []
    for contour in cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]:
        x, y, width, height = cv2.boundingRect(contour)
        digit = cv2.resize(ink[y : y + height, x : x + width], (28, 28), interpolation=cv2.INTER_AREA)
        labels.append(int(classifier.probabilities(digit[None]).argmax()))
    return labels


def measure_reading_time(
    frames: Iterable[Frame],
    model: str | Path = DEFAULT,
    runs: int = RUNS,
    progress: Progress = no_progress,
    total: int = 0,
) -> ReadingTime:
    """Time the three ways on each frame, in turns.

    Args:
        frames: Shape (480, 640, 3), BGR; at least one.
        model: Read by both the reader and the webcam loop.
        runs: Samples of each way on each frame.
        progress: Told the frames that are done.
        total: How many frames there are, for `progress`.
    """
    reader, times = Reader(model), []
    # One of its own: the reader's changes the size of its batch, which the webcam loop never does.
    classifier = Classifier(model)
    with _one_thread():
        for frame in frames:
            times.append(_time_frame(frame, reader, classifier, runs))
            progress(len(times), max(total, len(times)), "timing")
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
    """Generated frames with ten digits each."""
    easy = Conditions(rows=2, columns=5)
    return [draw_page(split, seed, easy, width=WIDTH, height=HEIGHT).image for seed in range(count)]


def photo_frames(folder: Path, files: Sequence[str]) -> Iterator[Frame]:
    """Pictures as frames, one after the other.

    Raises:
        ImageError: A picture is missing or damaged.
    """
    return (as_frame(read_image(str(folder / file))) for file in files)


def as_frame(picture: Frame) -> Frame:
    """A picture at the size of a frame: all of it, in the middle of its own most usual colour.

    Args:
        picture: Shape (height, width, 3), BGR.

    Returns:
        Shape (480, 640, 3), BGR.
    """
    scale = min(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    width, height = (max(1, round(scale * side)) for side in (picture.shape[1], picture.shape[0]))
    fitted = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    frame = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    frame[:] = np.median(fitted.reshape(-1, 3), axis=0)
    top, left = (HEIGHT - height) // 2, (WIDTH - width) // 2
    frame[top : top + height, left : left + width] = fitted
    return frame


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("folder", nargs="?", type=Path, metavar="PHOTOS_DIR", help="labelled pictures to time as well")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    files = [row["file"] for row in read_labels(options.folder)] if options.folder else []
    scenes = scene_frames(load(fallback=True, progress=progress).test)
    measured = {"scenes": measure_reading_time(scenes, progress=progress, total=len(scenes))}
    if files:
        photos = photo_frames(options.folder, files)
        measured["photos"] = measure_reading_time(photos, progress=progress, total=len(files))
    document = {name: one.to_json() for name, one in measured.items()}
    return Result({"model": DEFAULT, **document}, measured["scenes"].broken())
