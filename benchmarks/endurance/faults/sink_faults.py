"""Faults of what the camera writes to: a reader that stalls, comes late or leaves, and a disk that hangs."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.outcome import (
    MAX_END_SECONDS,
    Fault,
    NotInjected,
    Outcome,
    end,
    judge,
)
from mnist_edge.benchmarks.endurance.faults.web_faults import frames_read, health
from mnist_edge.benchmarks.endurance.soak import free_port
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera, until

STALL_SECONDS = 8.0
# The smallest pipe that Linux makes: a few events fill it.
PIPE_BYTES = 4096
# Of whoever is ended by SIGPIPE, in the words of a shell.
OUTPUT_CLOSED = 141


def stall_reader(folder: Path) -> Outcome:
    """Have whoever reads the events stop reading, go on, and stop again until the end."""
    with _small_pipe(folder / "stdout") as reader, _started(folder, "--events", "-", stdout="stdout") as (camera, port):
        time.sleep(STALL_SECONDS)
        read_on, began = _reads_on(camera, port), time.monotonic()
        back = until(lambda: _take(reader) == 0) and until(lambda: _take(reader) > 0)
        seconds = round(time.monotonic() - began, 2)
        time.sleep(STALL_SECONDS)
        return judge(
            camera,
            seconds if back else None,
            {
                "reading ended with the reader": read_on,
                "/healthz was not 200": health(port) == 200,
                **end(camera),
                "what was lost was not said": camera.logged("events for standard output lost: ") == 1,
            },
        )


def late_reader(folder: Path) -> Outcome:
    """Have nobody read the named pipe that events go to, then somebody, then nobody until SIGTERM."""
    os.mkfifo(folder / "pipe")
    with _started(folder, "--events", "pipe") as (camera, port):
        time.sleep(STALL_SECONDS)
        read_on, began = _reads_on(camera, port), time.monotonic()
        with _small_pipe(folder / "pipe") as reader:
            back = until(lambda: _take(reader) > 0)
        seconds = round(time.monotonic() - began, 2)
        time.sleep(STALL_SECONDS)
        camera.process.send_signal(signal.SIGTERM)
        sent = time.monotonic()
        code = camera.wait_for_end()
        took = time.monotonic() - sent
        return judge(
            camera,
            seconds if back else None,
            {
                "reading waited for a reader": read_on,
                f"SIGTERM ended it with exit code {code}": code == 0,
                f"SIGTERM took {took:.1f} s": took <= MAX_END_SECONDS,
                "what was lost was not said": camera.logged("events for pipe lost: ") == 1,
            },
        )


def hang_disk(folder: Path) -> Outcome:
    """Record to a file whose disk never answers: a named pipe that nobody reads is opened just as slowly."""
    os.mkfifo(folder / "video.part.avi")
    with _started(folder, "--record", "video.avi", "--force", "--events", "events.jsonl") as (camera, port):
        began = time.monotonic()
        told = camera.wait_for(lambda: camera.logged("frames of the recording are being lost") > 0)
        read_on = _reads_on(camera, port)
        seconds = round(time.monotonic() - began, 2)
        return judge(
            camera,
            seconds if read_on else None,
            {
                "it did not say that frames are lost": told,
                "/healthz was not 200": health(port) == 200,
                **end(camera),
                "how many were lost was not said": camera.logged("frames of the recording lost: ") == 1,
            },
        )


def close_output(folder: Path) -> Outcome:
    """Have whoever reads the events leave, as `head` does: the camera ends by itself, without a word."""
    with _small_pipe(folder / "stdout") as reader, _started(folder, "--events", "-", stdout="stdout") as (camera, _):
        until(lambda: _take(reader) > 0)
        os.close(reader)
        began = time.monotonic()
        code = camera.wait_for_end()
        seconds = round(time.monotonic() - began, 2)
        return judge(
            camera, seconds if code is not None else None, {f"it ended with exit code {code}": code == OUTPUT_CLOSED}
        )


@contextmanager
def _started(folder: Path, *flags: str, stdout: str = os.devnull) -> Iterator[tuple[CameraProcess, int]]:
    """The fake camera with a web page, and its port; standard output goes to a file of the folder."""
    port, before = free_port(), ("sh", "-c", f'exec "$@" > {stdout}', "sh")
    with start_camera(folder, "--source", "fake", "--serve", str(port), *flags, before=before) as camera:
        _reads_on(camera, port)
        yield camera, port


def _reads_on(camera: CameraProcess, port: int) -> bool:
    """Wait until more frames are read than now; whether they were."""

    def frames() -> int:
        with suppress(OSError):
            return frames_read(port)
        return 0

    before = frames()
    return camera.wait_for(lambda: frames() > before)


@contextmanager
def _small_pipe(path: Path) -> Iterator[int]:
    """The reading end of a named pipe that is soon full, made where there is none."""
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        raise NotInjected("only Linux makes small pipes")
    if not path.exists():
        os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        # What is in it already may be more.
        until(lambda: _shrinks(reader))
        yield reader
    finally:
        with suppress(OSError):
            os.close(reader)


def _shrinks(reader: int) -> bool:
    try:
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        _take(reader)
        return False
    return True


def _take(reader: int) -> int:
    """Read what is there; how many bytes that was."""
    with suppress(BlockingIOError):
        return len(os.read(reader, PIPE_BYTES))
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
