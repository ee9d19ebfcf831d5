"""Whether a window slows the camera down: frames a second with a window and without, side by side.

Run as `make window-speed`; needs Xvfb. For each source the real command runs twice, once with a window on a screen in
memory, and takes turns of five seconds: while one reads, the other is paused. So each turn follows a pause, whose
lag must not stay.
"""

import json
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
from typing import Any
from urllib.request import Request, urlopen

from mnist_edge.benchmarks.endurance.mjpeg_stream import open_stream
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.errors import PackageMissing
from mnist_edge.progress import Progress, no_progress

# Of the frames a second without a window.
MIN_RATIO = 0.95
TURNS = 8
TURN_SECONDS = 5.0
LIMIT_SECONDS = 20.0
SCREEN = "1280x800x24"


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over the turns.

    Attributes:
        source: What was read.
        with_window: Frames a second that were read while a window showed them.
        without: The same with nobody looking.
        ratio: Of the first to the second: the median of pairs of turns, as the machine is not always as fast.
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
        source: For `mnist-edge camera --source`; two processes read it.
        display: Where the window opens.
        name: What to call the source.
        turns: How often each reads.
        turn_seconds: How long, and how long it is paused then.
        progress: Told the turns that are done.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _started(Path(folder), source, {"DISPLAY": display}, "--window") as watched,
        _started(Path(folder), source, {}, "--no-window") as alone,
    ):
        looked, blind = [], []
        for turn in range(turns):
            progress(turn, turns, name)
            looked.append(_take_turn(watched, turn_seconds))
            blind.append(_take_turn(alone, turn_seconds))
    return Speed(
        name,
        round(median(turn["rate"] for turn in looked), 2),
        round(median(turn["rate"] for turn in blind), 2),
        round(median(one["rate"] / other["rate"] for one, other in zip(looked, blind, strict=True)), 3),
        round(median(turn["display_fps"] for turn in looked), 1),
        round(looked[-1]["screen_ms"], 1),
    )


@contextmanager
def start_screen() -> Iterator[str]:
    """A screen in memory; its name for `DISPLAY`.

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
def _started(folder: Path, source: str, environment: dict[str, str], *flags: str) -> Iterator[str]:
    """A camera that has read something and is paused; the address of its web page."""
    flags = ("--source", source, "--serve", "127.0.0.1:0", "--events", "-", *flags)
    with start_camera(folder, *flags, environment=environment) as camera:
        camera.wait_until_it_reads()
        url = _url(camera)
        _ask(url, "controls", {"paused": True})
        yield url


def _url(camera: CameraProcess) -> str:
    return next(note.text.split()[-1] for note in camera.notes if "web page at" in note.text).rstrip("/")


def _take_turn(url: str, seconds: float) -> dict[str, float]:
    """The statistics at the end of a turn, and in it the frames a second as `rate`."""
    _ask(url, "controls", {"paused": False})
    before = _ask(url, "status")["stats"]
    time.sleep(seconds)
    after: dict[str, float] = _ask(url, "status")["stats"]
    _ask(url, "controls", {"paused": True})
    return after | {"rate": (after["frames"] - before["frames"]) / (after["seconds"] - before["seconds"])}


def _ask(url: str, what: str, wishes: dict[str, Any] | None = None) -> Any:
    body = None if wishes is None else json.dumps(wishes).encode()
    request = Request(f"{url}/api/{what}", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=LIMIT_SECONDS) as answer:
        return json.load(answer)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    with start_screen() as display, open_stream() as stream:
        sources = {"fake": "fake", "an MJPEG stream": stream.url}
        speeds = [measure_window_speed(source, display, name, progress=progress) for name, source in sources.items()]
    broken = [
        f"with a window {one.source} is read {one.ratio:.2f} times as fast as without, not {MIN_RATIO}"
        for one in speeds
        if one.ratio < MIN_RATIO
    ]
    return Result({"speeds": [asdict(one) for one in speeds]}, broken)
