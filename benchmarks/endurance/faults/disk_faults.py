"""Faults of the disk: it is full, for a recording or for the events, and has free space again later."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.fault import (
    Fault,
    Outcome,
    attempt,
    end,
    fake_camera,
    outcome_of,
    stream_camera,
)
from mnist_edge.benchmarks.endurance.recording import count_frames
from mnist_edge.camera.sinks.saved_files import RESERVE_BYTES

# Recording leaves so much of a disk free; three seconds fill the rest.
DISK_BYTES = RESERVE_BYTES + 4_000_000
FULL_SECONDS = 3.0
# Parts of the notes about events that are dropped, and written again.
FULL, SPACE_AGAIN = "they are dropped", "again; "
# A short event may still fit in the last block of a full disk, where a long one did not.
MOST_NOTES = 3


def fill_while_recording(folder: Path) -> Outcome:
    """Record until the disk is full, make free space, and record again."""
    with _small_disk(folder) as disk:
        videos = disk / "videos"
        with fake_camera(folder, "--events", "-", "--record", str(videos)) as camera:
            camera.wait_for(lambda: camera.logged("recording stopped") > 0)
            read_on = camera.reads_after(time.monotonic()) is not None
            stopped = not camera.ask("/api/status")["controls"]["recording"]
            first = sorted(videos.iterdir())
            playable = all(map(count_frames, first))
            for video in first:
                video.unlink()
            camera.ask("/api/controls", {"recording": True})
            seconds = camera.seconds_until(lambda: any(map(count_frames, videos.iterdir())))
            promises = {
                "it did not log that the disk is full": camera.logged("is full") > 0,
                f"it logged that {camera.logged('recording stopped')} times": camera.logged("recording stopped") == 1,
                "reading ended with the recording": read_on,
                "it reports that it records, and does not": stopped,
                "what was recorded cannot be played": bool(first) and playable,
                **end(camera),
            }
            return outcome_of(camera, seconds, promises)


def fill_while_writing(folder: Path) -> Outcome:
    """Fill the disk that events are written to, and make free space again."""
    with _small_disk(folder) as disk:
        file = disk / "events.jsonl"
        with stream_camera(folder, events=str(file)) as (_, camera):
            with _full(disk):
                logged = camera.wait_for(lambda: camera.logged(FULL) > 0)
                time.sleep(FULL_SECONDS)
                read_on = camera.reads_after(time.monotonic() - FULL_SECONDS) is not None
                left = file.read_text()
            seconds = camera.seconds_until(lambda: len(file.read_text()) > len(left))
            ended = end(camera)
            written, full, again = file.read_text(), camera.logged(FULL), camera.logged(SPACE_AGAIN)
            promises = {
                "it did not log that events are dropped": logged,
                f"it logged that {full} times, and {again} times that they are not": 1 <= full == again <= MOST_NOTES,
                "reading ended with the free space": read_on,
                "half a line was left": left.endswith("\n") and all(map(_is_event, written.splitlines())),
                "what had been written was changed": written.startswith(left),
                **ended,
            }
            return outcome_of(camera, seconds, promises, {"events": len(written.splitlines())})


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
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass
    try:
        yield
    finally:
        ballast.unlink()


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
