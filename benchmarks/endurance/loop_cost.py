"""What the camera's loop costs beside reading alone, and what each sink adds, in turns in one run.

Run as `make loop-cost`. The bound: the loop without sinks takes at most 1.15 times as long as reading. Frames are
640x480 with ten digits each, as fast as they are read; OpenCV uses one thread. A sink may work in a thread of its own:
then what it takes from the loop is in `ratio`, and what it takes from the processor in `cpu_ms`.
"""

import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from mnist_edge.benchmarks.endurance.broker import start_broker
from mnist_edge.benchmarks.endurance.reading_time import scene_frames
from mnist_edge.benchmarks.harness.peers import Frame
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.harness.viewers import watch_page
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import ViewSink, run
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.sinks import open_sinks
from mnist_edge.camera.sinks.display import why_no_window
from mnist_edge.camera.web import WebView
from mnist_edge.dataset import load
from mnist_edge.errors import PackageMissing
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress

MAX_RATIO = 1.15
ROUNDS = 20
# Each of the ten frames so often in a row, as a camera that looks at a page would.
REPEATS = 5
# The web page is measured without viewers, and with one and two.
VIEWERS = (0, 1, 2)

# Reads all frames once.
Way = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """The medians over the rounds of one way to read frames.

    Attributes:
        name: What was done beside reading.
        frame_ms: Wall-clock time for one frame.
        cpu_ms: Processor time of all threads for one frame.
        ratio: `frame_ms` to that of reading alone.
    """

    name: str
    frame_ms: float
    cpu_ms: float
    ratio: float


def measure_loop_cost(
    frames: Sequence[Frame], ways: Mapping[str, Way], rounds: int = ROUNDS, progress: Progress = no_progress
) -> list[Cost]:
    """Time each way to read all frames once, in turns, and compare it with the first."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    # The round before the first is a warm-up.
    for done in range(-1, rounds):
        for name, way in ways.items():
            wall, cpu = perf_counter(), process_time()
            way()
            if done >= 0:
                taken[name].append((perf_counter() - wall, process_time() - cpu))
        progress(done + 1, rounds, "timing")
    alone = taken[next(iter(ways))]
    each = 1000 / len(frames)
    return [
        Cost(
            name=name,
            frame_ms=round(median(wall for wall, _ in times) * each, 3),
            cpu_ms=round(median(cpu for _, cpu in times) * each, 3),
            ratio=round(median(wall / base for (wall, _), (base, _) in zip(times, alone, strict=True)), 3),
        )
        for name, times in taken.items()
    ]


@contextmanager
def open_ways(frames: Sequence[Frame], model: str = "small") -> Iterator[dict[str, Way]]:
    """Give reading alone, the loop without sinks, and the loop with each sink that this machine can have."""
    reader = Reader(model)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ways: dict[str, Way] = {
            "reading alone": lambda: [reader.read(frame) for frame in frames],
            "loop": lambda: run(ArraySource(frames), reader),
        }
        wanted = {
            "events": Settings(window=False, events=f"{folder}/events.jsonl"),
            "recording": Settings(window=False, record=f"{folder}/recordings"),
            "collecting": Settings(window=False, collect=f"{folder}/collected"),
        }
        if why_no_window() is None:
            wanted["window"] = Settings(window=True)
        try:
            port = stack.enter_context(start_broker(Path(folder)))
            wanted["MQTT"] = Settings(window=False, mqtt=f"mqtt://127.0.0.1:{port}/cost")
        except PackageMissing:
            # What this machine lacks is not measured.
            pass
        for name, settings in wanted.items():
            ways[name] = stack.enter_context(_with_sinks(frames, reader, settings))
        for viewers in VIEWERS:
            ways[f"web page, viewers: {viewers}"] = stack.enter_context(_with_web(frames, reader, viewers))
        yield ways


@contextmanager
def _with_sinks(frames: Sequence[Frame], reader: Reader, settings: Settings) -> Iterator[Way]:
    source, controls, meter = ArraySource(frames), Controls(MIN_CONFIDENCE), Meter()
    with open_sinks(settings, source, controls, meter, reader.read) as sinks:
        # What people read on a terminal is no sink that is measured here.
        events = sinks.events[:1] if settings.events or settings.mqtt else ()
        loop = partial(
            run, source, reader, events=events, views=sinks.views, workers=sinks.workers, controls=controls, meter=meter
        )
        yield partial(sinks.window.run, loop) if sinks.window else loop


@contextmanager
def _with_web(frames: Sequence[Frame], reader: Reader, viewers: int) -> Iterator[Way]:
    source, controls, meter = ArraySource(frames), Controls(MIN_CONFIDENCE), Meter()
    # The page ends before its viewers, who would wait for a picture.
    page = WebView("127.0.0.1:0", controls, meter, read=reader.read, token=None)
    with ExitStack() as stack, page as web:
        stack.enter_context(watch_page(web.url, viewers))
        views: tuple[ViewSink, ...] = (web,)
        yield lambda: run(source, reader, events=(web,), views=views, controls=controls, meter=meter)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    cv2.setNumThreads(1)
    frames = [frame for frame in scene_frames(load(fallback=True, progress=progress).test) for _ in range(REPEATS)]
    with open_ways(frames) as ways:
        costs = measure_loop_cost(frames, ways, progress=progress)
    loop = next(cost for cost in costs if cost.name == "loop")
    sentence = f"the loop takes {loop.ratio:.2f} times as long as reading, not {MAX_RATIO}"
    return Result({"costs": [asdict(cost) for cost in costs]}, [sentence] if loop.ratio > MAX_RATIO else [])
