"""Faults of the disk: it is full, for a recording or for the events, and has room again later."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, attempt, end, judge
from mnist_edge.benchmarks.endurance.faults.web_faults import ask
from mnist_edge.benchmarks.endurance.mjpeg_stream import open_stream
from mnist_edge.benchmarks.endurance.soak import free_port
from mnist_edge.benchmarks.harness.camera_process import start_camera
from mnist_edge.camera.sinks.room import RESERVE_BYTES
from mnist_edge.opencv import cv2

# Recording leaves so much of a disk free; three seconds fill the rest.
DISK_BYTES = RESERVE_BYTES + 4_000_000
FULL_SECONDS = 3.0
FULL, ROOM_AGAIN = "they are dropped", "again; "
# A short event may still fit in the last block of a full disk, where a long one did not.
MOST_NOTES = 3


def fill_while_recording(folder: Path) -> Outcome:
    """Record until the disk is full, make room, and record again."""
    port, flags = free_port(), ("--source", "fake", "--events", "-", "--record")
    with (
        _small_disk(folder) as disk,
        start_camera(folder, *flags, str(disk / "videos"), "--serve", str(port)) as camera,
    ):
        camera.wait_until_it_reads()
        told = camera.wait_for(lambda: camera.logged("recording stopped") > 0)
        read_on = camera.reads_after(time.monotonic()) is not None
        stopped = not ask(port, "/api/status")["controls"]["recording"]
        first = sorted((disk / "videos").iterdir())
        playable = all(plays(video) for video in first)
        for video in first:
            video.unlink()
        began = time.monotonic()
        ask(port, "/api/controls", {"recording": True})
        again = camera.wait_for(lambda: any(plays(video) for video in (disk / "videos").iterdir()))
        return judge(
            camera,
            round(time.monotonic() - began, 2) if again else None,
            {
                "it did not say that the disk is full": told and camera.logged("is full") > 0,
                f"it said so {camera.logged('recording stopped')} times": camera.logged("recording stopped") == 1,
                "reading ended with the recording": read_on,
                "it says that it records, and does not": stopped,
                "what was recorded cannot be played": bool(first) and playable,
                **end(camera),
            },
        )


def fill_while_writing(folder: Path) -> Outcome:
    """Fill the disk that events are written to, and make room again."""
    with (
        _small_disk(folder) as disk,
        open_stream() as stream,
        start_camera(folder, "--source", stream.url, "--events", str(disk / "events.jsonl")) as camera,
    ):
        file = disk / "events.jsonl"
        camera.wait_until_it_reads()
        with _full(disk):
            told = camera.wait_for(lambda: camera.logged(FULL) > 0)
            time.sleep(FULL_SECONDS)
            read_on = camera.reads_after(time.monotonic() - FULL_SECONDS) is not None
            left = file.read_text()
        began = time.monotonic()
        back = camera.wait_for(lambda: len(file.read_text()) > len(left))
        seconds = round(time.monotonic() - began, 2)
        ended = end(camera)
        written = file.read_text()
        return judge(
            camera,
            seconds if back else None,
            {
                "it did not say that events are dropped": told,
                f"it said so {camera.logged(FULL)} times, and {camera.logged(ROOM_AGAIN)} times that they are not": (
                    1 <= camera.logged(FULL) == camera.logged(ROOM_AGAIN) <= MOST_NOTES
                ),
                "reading ended with the room": read_on,
                "half a line was left": left.endswith("\n") and all(map(_is_event, written.splitlines())),
                "what had been written was changed": written.startswith(left),
                **ended,
            },
            {"events": len(written.splitlines())},
        )


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, in memory."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", disk)
    attempt(*mount, otherwise="only root of a Linux computer may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def plays(video: Path) -> bool:
    """Whether a video has a frame that can be read."""
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG)
    there, _ = capture.read()
    capture.release()
    return bool(there)


def _is_event(line: str) -> bool:
    try:
        return "event" in json.loads(line)
    except ValueError:
        return False


DISK_FAULTS = (
    Fault(
        "disk full, recording",
        f"a recording fills a disk of {DISK_BYTES / 1e6:.0f} MB; later its videos are deleted",
        fill_while_recording,
    ),
    Fault("disk full, events", f"a disk without a byte left for {FULL_SECONDS:g} s or more", fill_while_writing),
)
