"""Whether the camera runs for weeks: many frames with web viewers and a broker, in a process that is watched.

Run as `make soak`, or `python -m mnist_edge.benchmarks.endurance soak [FRAMES]` (200,000). Needs mosquitto. The watched
process reads generated scenes as fast as it can, writes events to a file and to the broker, and serves two viewers of
the web page, which live in this process.
"""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.child_process import failure_of
from mnist_edge.errors import CheckFailed, PackageMissing
from mnist_edge.optional_packages import require
from mnist_edge.progress import Progress, no_progress

FRAMES, SETTLED = 200_000, 5_000
MAX_GROWTH_MB = 8.0
VIEWERS = 2
# First argument of the process that is watched.
CHILD = "--child"
SAMPLE_SECONDS = 1.0
# So long may the process be silent before it counts as hung.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The watched process at one moment: frames read, resident memory, threads and open files."""

    frames: int
    rss_mb: float
    threads: int
    files: int


@dataclass(frozen=True, slots=True)
class Soak:
    """What a soak showed.

    Attributes:
        frames: That were read.
        seconds: From start to end.
        rss_mb: Resident memory after the first 5,000 frames.
        growth_mb: The most that it was above that later on.
        threads: Fewest and most after the first 5,000 frames.
        files: Fewest and most open files after the first 5,000 frames.
        events: Written to the file.
        events_lost: Of these, how many the broker's subscriber did not get.
        pictures: That each viewer got.
    """

    frames: int
    seconds: float
    rss_mb: float
    growth_mb: float
    threads: tuple[int, int]
    files: tuple[int, int]
    events: int
    events_lost: int
    pictures: tuple[int, ...]

    def broken(self) -> list[str]:
        """The bounds that do not hold."""
        bounds = {
            f"memory grew by {self.growth_mb:.1f} MB, more than {MAX_GROWTH_MB:.0f}": self.growth_mb > MAX_GROWTH_MB,
            f"{self.events_lost} of {self.events} events were lost": self.events_lost > 0,
            f"threads ranged from {self.threads[0]} to {self.threads[1]}": self.threads[0] != self.threads[1],
            f"open files ranged from {self.files[0]} to {self.files[1]}": self.files[0] != self.files[1],
            "a viewer got no picture": not all(self.pictures),
        }
        return [what for what, holds in bounds.items() if holds]


def soak(frames: int = FRAMES, progress: Progress = no_progress) -> Soak:
    """Run the loop for so many frames, and watch it.

    Raises:
        PackageMissing: There is no mosquitto.
        CheckFailed: The process ended early, or hung.
    """
    with tempfile.TemporaryDirectory() as name, start_broker(Path(name)) as broker:
        received = _Subscriber(broker)
        folder, began = Path(name), time.monotonic()
        with _start_child(folder, f"mqtt://127.0.0.1:{broker}/soak", frames) as (child, url):
            viewers = [_Viewer(f"{url}/stream.mjpg") for _ in range(VIEWERS)]
            samples = list(_watch(child, url, frames, progress))
        seconds = time.monotonic() - began
        events = (folder / "events.jsonl").read_text().count("\n")
        received.wait_for(events)
    settled = [one for one in samples if one.frames >= min(SETTLED, frames / 2)]
    if not settled:
        raise CheckFailed(f"{frames} frames are too few to see anything; take more")
    return Soak(
        samples[-1].frames,
        round(seconds, 1),
        settled[0].rss_mb,
        round(max(one.rss_mb for one in settled) - settled[0].rss_mb, 2),
        (min(one.threads for one in settled), max(one.threads for one in settled)),
        (min(one.files for one in settled), max(one.files for one in settled)),
        events,
        events - min(received.count, events),
        tuple(viewer.pictures for viewer in viewers),
    )


@contextmanager
def start_broker(folder: Path, port: int = 0) -> Iterator[int]:
    """A mosquitto of one's own; its port.

    Raises:
        PackageMissing: There is none.
    """
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise PackageMissing("there is no mosquitto; install it with: sudo apt install mosquitto")
    port = port or free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    broker = subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield port
    finally:
        broker.terminate()
        broker.wait()


def free_port() -> int:
    """A port of localhost that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise CheckFailed(f"nothing listens on port {port} after a minute")


@contextmanager
def _start_child(folder: Path, mqtt: str, frames: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "mnist_edge.benchmarks.endurance", "soak", CHILD, str(folder), mqtt, str(frames)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        if not url:
            raise CheckFailed(f"the watched process did not start; exit code {child.wait()}")
        yield child, url
        if child.wait(PATIENCE_SECONDS):
            raise CheckFailed(f"the watched process ended: {failure_of(child.returncode)}")
    finally:
        child.kill()
        child.communicate()


def _watch(child: subprocess.Popen[str], url: str, frames: int, progress: Progress) -> Iterator[Sample]:
    """A sample a second, until the frames are read."""
    seen, moved = -1, time.monotonic()
    while child.poll() is None:
        with suppress(OSError, ValueError):
            with urlopen(f"{url}/api/status", timeout=10) as answer:
                now = int(json.load(answer)["stats"]["frames"])
            if now > seen:
                seen, moved = now, time.monotonic()
                yield _sample(child.pid, now)
                progress(min(now, frames), frames, "soaking")
        if time.monotonic() - moved > PATIENCE_SECONDS:
            raise CheckFailed(f"the loop stood still at frame {seen} for {PATIENCE_SECONDS:.0f} s")
        time.sleep(SAMPLE_SECONDS)


def _sample(process: int, frames: int) -> Sample:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line
    )
    # A file that is open for the moment of a line is none that stays open.
    files = min(_open_files(process) for _ in range(10))
    return Sample(frames, int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), files)


def _open_files(process: int) -> int:
    time.sleep(0.005)
    return len(os.listdir(f"/proc/{process}/fd"))


class _Viewer:
    """Looks at the web page's pictures."""

    def __init__(self, url: str) -> None:
        self.pictures = 0
        self._url = url
        Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        with suppress(OSError, HTTPException), urlopen(self._url) as stream:
            while part := stream.read(1 << 16):
                self.pictures += part.count(b"Content-Type: image/jpeg")


class _Subscriber:
    """Counts the events that come from the broker."""

    def __init__(self, port: int) -> None:
        mqtt: Any = require("paho.mqtt.client", extra="mqtt")
        self.count = 0
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("soak/events", qos=1)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _hear(self, *_: object) -> None:
        self.count += 1

    def wait_for(self, events: int) -> None:
        for _ in range(100):
            if self.count >= events:
                break
            time.sleep(0.1)
        self._client.disconnect()
        self._client.loop_stop()


def _child(folder: str, mqtt: str, frames: str) -> None:
    """The watched process: tells its web page's address, then reads."""
    from mnist_edge.camera.controls import Controls
    from mnist_edge.camera.loop import run
    from mnist_edge.camera.meter import Meter
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.camera.settings import Settings
    from mnist_edge.camera.sinks import open_sinks
    from mnist_edge.camera.sources.fake.source import FakeSource
    from mnist_edge.opencv import cv2

    cv2.setNumThreads(1)
    logging.basicConfig(level=logging.INFO, format="note: %(message)s")
    # Its rotation would end before the count.
    settings = Settings(
        window=False, serve=str(free_port()), mqtt=mqtt, events=f"{folder}/events.jsonl", events_mb=100_000,
    )  # fmt: skip
    controls, meter, reader = Controls(MIN_CONFIDENCE), Meter(), Reader()
    with (
        FakeSource(controls.stop, live=False) as source,
        open_sinks(settings, source, controls, meter, reader.read) as sinks,
    ):
        print(f"http://127.0.0.1:{settings.serve}", flush=True)
        # What people would read on a terminal.
        events = sinks.events[:-1]
        run(
            source, reader, events=events, views=sinks.views, workers=sinks.workers, controls=controls, meter=meter,
            max_frames=int(frames),
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch the camera; see `run_measurement`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == [CHILD]:
        _child(*arguments[1:])
        return 0
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("frames", nargs="?", type=int, default=FRAMES, help=f"to read ({FRAMES:,})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    found = soak(options.frames, progress)
    return Result(asdict(found), found.broken())
