"""Whether the camera runs for weeks: many frames with web viewers and a broker, in a process that is watched.

Run as `make soak`; needs mosquitto. The watched process reads the fake camera as fast as it can, writes events to a
file and to the broker, and serves two viewers of the web page, which live in this process.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen

from mnist_edge.benchmarks.endurance.broker import Messages, free_port, start_broker, subscribe
from mnist_edge.benchmarks.harness.camera_process import until
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.harness.viewers import watch_page
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.loop import run
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.sinks import open_sinks
from mnist_edge.camera.sources.fake.source import FakeSource
from mnist_edge.child_process import failure_of
from mnist_edge.errors import CheckFailed
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress

# Caches and pools are filled after the settled frames; memory may grow by so much above that, units of 2^20 bytes.
FRAMES, SETTLED, MAX_GROWTH_MB = 200_000, 5_000, 8.0
VIEWERS = 2
# The first argument of the watched process.
CHILD = "--child"
SAMPLE_SECONDS = 1.0
# A process that reads no frame for so long counts as hung.
PATIENCE_SECONDS = 120.0
DELIVER_SECONDS = 10.0
TOPIC = "soak/events"
# A rotation of the file of events would end the counting of its lines.
EVENTS_MB = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The watched process at one moment: frames read, resident memory, threads and open files."""

    frames: int
    rss_mb: float
    threads: int
    files: int


@dataclass(frozen=True, slots=True)
class Soak:
    """The outcome of a soak.

    Attributes:
        frames: Frames that were read.
        seconds: From start to end.
        rss_mb: Resident memory after the first 5,000 frames.
        growth_mb: The most that it was above that later on.
        threads: Fewest and most threads after the first 5,000 frames.
        files: Fewest and most open files after the first 5,000 frames.
        events: Events written to the file.
        events_lost: How many of these the broker's subscriber did not get.
        pictures: Pictures that each viewer got.
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
        """Return one sentence for each bound that does not hold."""
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
    messages, began = Messages(), time.monotonic()
    with tempfile.TemporaryDirectory() as name, start_broker(Path(name)) as port, subscribe(port, TOPIC, messages):
        with _start_child(name, port, frames) as (child, url), watch_page(url, VIEWERS) as viewers:
            samples = list(_watch(child, url, frames, progress))
        seconds = time.monotonic() - began
        events = Path(name, "events.jsonl").read_text().count("\n")
        until(lambda: len(messages) >= events, DELIVER_SECONDS)
    settled = [sample for sample in samples if sample.frames >= min(SETTLED, frames / 2)]
    if not settled:
        raise CheckFailed(f"{frames} frames are too few to see anything; take more")
    memory, threads, files = ([getattr(sample, what) for sample in settled] for what in ("rss_mb", "threads", "files"))
    return Soak(
        frames=samples[-1].frames,
        seconds=round(seconds, 1),
        rss_mb=memory[0],
        growth_mb=round(max(memory) - memory[0], 2),
        threads=(min(threads), max(threads)),
        files=(min(files), max(files)),
        events=events,
        events_lost=events - min(len(messages), events),
        pictures=tuple(viewer.done for viewer in viewers),
    )


@contextmanager
def _start_child(folder: str, broker: int, frames: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    arguments = [CHILD, folder, f"mqtt://127.0.0.1:{broker}/soak", str(frames)]
    command = [sys.executable, "-m", "mnist_edge.benchmarks.endurance", "soak", *arguments]
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
    read, moved = -1, time.monotonic()
    while child.poll() is None:
        with suppress(OSError, ValueError):
            with urlopen(f"{url}/api/status", timeout=10) as answer:
                now = int(json.load(answer)["stats"]["frames"])
            if now > read:
                read, moved = now, time.monotonic()
                yield _sample(child.pid, now)
                progress(min(now, frames), frames, "soaking")
        if time.monotonic() - moved > PATIENCE_SECONDS:
            raise CheckFailed(f"the loop read nothing after frame {read} for {PATIENCE_SECONDS:.0f} s")
        time.sleep(SAMPLE_SECONDS)


def _sample(process: int, frames: int) -> Sample:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    # A file that is open only while a line is written does not stay open.
    files = min(_open_files(process) for _ in range(10))
    return Sample(frames, int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), files)


def _open_files(process: int) -> int:
    time.sleep(0.005)
    return len(os.listdir(f"/proc/{process}/fd"))


def _run_child(folder: str, mqtt: str, frames: str) -> None:
    """The watched process: prints its web page's address, then reads."""
    logging.basicConfig(level=logging.INFO, format="note: %(message)s")
    cv2.setNumThreads(1)
    port = str(free_port())
    settings = Settings(window=False, serve=port, mqtt=mqtt, events=f"{folder}/events.jsonl", events_mb=EVENTS_MB)
    controls, meter, reader = Controls(MIN_CONFIDENCE), Meter(), Reader()
    with (
        FakeSource(controls.stop, live=False) as source,
        open_sinks(settings, source, controls, meter, reader.read) as sinks,
    ):
        print(f"http://127.0.0.1:{port}", flush=True)
        # The last sink of events would print what people read on a terminal.
        run(
            source, reader, events=sinks.events[:-1], views=sinks.views, workers=sinks.workers, controls=controls,
            meter=meter, max_frames=int(frames),
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch the camera; see `run_measurement`."""
    if arguments and arguments[0] == CHILD:
        _run_child(*arguments[1:])
        return 0
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("frames", nargs="?", type=int, default=FRAMES, help=f"frames to read ({FRAMES:,})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    found = soak(options.frames, progress)
    return Result(asdict(found), found.broken())
