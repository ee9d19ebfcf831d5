"""Faults of what the camera writes to: a reader that stalls, comes late or leaves, and a disk that hangs."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.fault import (
    MAX_END_SECONDS,
    Fault,
    NotInjected,
    Outcome,
    end,
    fake_camera,
    outcome_of,
)
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, until

STALL_SECONDS = 8.0
# The smallest pipe that Linux makes: a few events fill it.
PIPE_BYTES = 4096
# Exit code of a program that is ended by SIGPIPE, in a shell.
OUTPUT_CLOSED = 141


def stall_reader(folder: Path) -> Outcome:
    """Have the reader of the events stop reading, go on, and stop again until the end."""
    with _small_pipe(folder / "stdout") as pipe, _redirected(folder, "--events", "-", stdout="stdout") as camera:
        time.sleep(STALL_SECONDS)
        read_on = camera.reads_on()
        seconds = camera.seconds_until(lambda: until(lambda: _take(pipe) == 0) and until(lambda: _take(pipe) > 0))
        time.sleep(STALL_SECONDS)
        promises = {
            "reading ended with the reader": read_on,
            "/healthz was not 200": camera.health() == 200,
            **end(camera),
            "what was lost was not logged": camera.logged("events for standard output lost: ") == 1,
        }
        return outcome_of(camera, seconds, promises)


def late_reader(folder: Path) -> Outcome:
    """Have no process read the named pipe that events go to, then one, then none until SIGTERM."""
    os.mkfifo(folder / "pipe")
    with _redirected(folder, "--events", "pipe") as camera:
        time.sleep(STALL_SECONDS)
        read_on = camera.reads_on()
        with _small_pipe(folder / "pipe") as pipe:
            seconds = camera.seconds_until(lambda: _take(pipe) > 0)
        time.sleep(STALL_SECONDS)
        camera.process.send_signal(signal.SIGTERM)
        sent = time.monotonic()
        code = camera.wait_for_end()
        took = time.monotonic() - sent
        promises = {
            "reading waited for a reader": read_on,
            f"SIGTERM ended it with exit code {code}": code == 0,
            f"SIGTERM took {took:.1f} s": took <= MAX_END_SECONDS,
            "what was lost was not logged": camera.logged("events for pipe lost: ") == 1,
        }
        return outcome_of(camera, seconds, promises)


def hang_disk(folder: Path) -> Outcome:
    """Record to a file whose disk never answers: a named pipe that no process reads is opened just as slowly."""
    os.mkfifo(folder / "video.part.avi")
    with _redirected(folder, "--record", "video.avi", "--force", "--events", "events.jsonl") as camera:
        began = time.monotonic()
        logged = camera.wait_for(lambda: camera.logged("frames of the recording are being lost") > 0)
        read_on = camera.reads_on()
        seconds = round(time.monotonic() - began, 2)
        promises = {
            "it did not log that frames are lost": logged,
            "/healthz was not 200": camera.health() == 200,
            **end(camera),
            "how many were lost was not logged": camera.logged("frames of the recording lost: ") == 1,
        }
        return outcome_of(camera, seconds if read_on else None, promises)


def close_output(folder: Path) -> Outcome:
    """Have the reader of the events leave, as `head` does: the camera ends by itself, without a note."""
    with _small_pipe(folder / "stdout") as pipe, _redirected(folder, "--events", "-", stdout="stdout") as camera:
        until(lambda: _take(pipe) > 0)
        os.close(pipe)
        seconds = camera.seconds_until(lambda: camera.process.poll() is not None)
        code = camera.wait_for_end()
        return outcome_of(camera, seconds, {f"it ended with exit code {code}": code == OUTPUT_CLOSED})


@contextmanager
def _redirected(folder: Path, *flags: str, stdout: str = os.devnull) -> Iterator[CameraProcess]:
    """The fake camera, whose standard output goes to a file of the folder."""
    with fake_camera(folder, *flags, before=("sh", "-c", f'exec "$@" > {stdout}', "sh")) as camera:
        yield camera


@contextmanager
def _small_pipe(path: Path) -> Iterator[int]:
    """The reading end of a named pipe that is soon full, made where there is none."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        raise NotInjected("only Linux makes small pipes")
    if not path.exists():
        os.mkfifo(path)
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        # What is in it already may be more.
        until(lambda: _shrinks(pipe))
        yield pipe
    finally:
        with suppress(OSError):
            os.close(pipe)


def _shrinks(pipe: int) -> bool:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        _take(pipe)
        return False
    return True


def _take(pipe: int) -> int:
    """Read what is there; how many bytes that was."""
    with suppress(BlockingIOError):
        return len(os.read(pipe, PIPE_BYTES))
    return 0


SINK_FAULTS = (
    Fault(
        "reader stalls",
        f"whoever reads the events on standard output stops for {STALL_SECONDS:g} s, and again until Ctrl-C",
        stall_reader,
    ),
    Fault(
        "pipe without a reader",
        f"nobody reads the named pipe of the events for {STALL_SECONDS:g} s, and again until SIGTERM",
        late_reader,
    ),
    Fault("disk hangs", "the file of a recording never opens", hang_disk),
    Fault("output closed", "whoever reads the events leaves, as head does", close_output),
)
