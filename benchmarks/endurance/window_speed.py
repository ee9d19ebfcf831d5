"""Whether a window slows the camera down: frames a second with a window and without, side by side.

Run as `make window-speed`; needs Xvfb. For each source the real command runs twice, once with a window on a screen in
memory, in turns of five seconds: while one reads, the other is paused. So each turn follows a pause, whose lag must not
stay.
"""

import os
import shutil
import subprocess
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from mnist_edge.benchmarks.endurance.mjpeg_stream import open_stream
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.errors import PackageMissing
from mnist_edge.progress import Progress, no_progress

# Frames a second with a window must reach this share of those without.
MIN_RATIO = 0.95
TURNS, TURN_SECONDS = 8, 5.0
SCREEN = "1280x800x24"


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over the turns.

    Attributes:
        source: The source that was read.
        with_window: Frames a second that were read while a window showed them.
        without: Frames a second without a window.
        ratio: The first to the second: the median of pairs of turns, as the machine is not always as fast.
        shown: Pictures a second that were shown.
        screen_ms: From a frame's capture until it was on the screen.
    """

    source: str
    with_window: float
    without: float
    ratio: float
    shown: float
    screen_ms: float


def measure_window_speed(
    source: str, display: str, name: str, turns: int = TURNS, turn_seconds: float = TURN_SECONDS,
    progress: Progress = no_progress,
) -> Speed:  # fmt: skip
    """Read a source with a window and without, in turns.

    Args:
        source: Argument of `mnist-edge camera --source`; two processes read it.
        display: Where the window opens, as in `DISPLAY`.
        name: Name of the source in the result.
        turns: Number of turns of each process.
        turn_seconds: Length of a turn, and of the pause after it.
        progress: Receives the number of turns done.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _paused_camera(Path(folder), source, {"DISPLAY": display}, "--window") as shown,
        _paused_camera(Path(folder), source, {}, "--no-window") as alone,
    ):
        with_window, without = [], []
        for turn in range(turns):
            progress(turn, turns, name)
            with_window.append(_take_turn(shown, turn_seconds))
            without.append(_take_turn(alone, turn_seconds))
    pairs = zip(with_window, without, strict=True)
    return Speed(
        source=name,
        with_window=round(median(turn["rate"] for turn in with_window), 2),
        without=round(median(turn["rate"] for turn in without), 2),
        ratio=round(median(with_it["rate"] / other["rate"] for with_it, other in pairs), 3),
        shown=round(median(turn["display_fps"] for turn in with_window), 1),
        screen_ms=round(with_window[-1]["screen_ms"], 1),
    )


@contextmanager
def start_screen() -> Iterator[str]:
    """Run a screen in memory while the block runs; give its name for `DISPLAY`.

    Raises:
        PackageMissing: There is no Xvfb.
    """
    if shutil.which("Xvfb") is None:
        raise PackageMissing("there is no Xvfb; install it with: sudo apt install xvfb")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _paused_camera(folder: Path, source: str, environment: dict[str, str], *flags: str) -> Iterator[CameraProcess]:
    """A camera that has read something and is paused."""
    flags = ("--source", source, "--serve", "127.0.0.1:0", "--events", "-", *flags)
    with start_camera(folder, *flags, environment=environment) as camera:
        camera.wait_until_it_reads()
        camera.ask("/api/controls", {"paused": True})
        yield camera


def _take_turn(camera: CameraProcess, seconds: float) -> dict[str, float]:
    """The statistics at the end of a turn, and in it the frames a second as `rate`."""
    camera.ask("/api/controls", {"paused": False})
    before = camera.ask("/api/status")["stats"]
    time.sleep(seconds)
    after: dict[str, float] = camera.ask("/api/status")["stats"]
    camera.ask("/api/controls", {"paused": True})
    return after | {"rate": (after["frames"] - before["frames"]) / (after["seconds"] - before["seconds"])}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    with start_screen() as display, open_stream() as stream:
        sources = {"fake": "fake", "an MJPEG stream": stream.url}
        speeds = [measure_window_speed(source, display, name, progress=progress) for name, source in sources.items()]
    broken = [
        f"with a window {speed.source} is read {speed.ratio:.2f} times as fast as without, not {MIN_RATIO}"
        for speed in speeds
        if speed.ratio < MIN_RATIO
    ]
    return Result({"speeds": [asdict(speed) for speed in speeds]}, broken)
