"""Faults of the process itself: it is killed, ended while it is busy, or watched by one who kills what is silent."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread

from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, end, judge
from mnist_edge.benchmarks.endurance.faults.web_faults import ask, frames_read
from mnist_edge.benchmarks.endurance.mjpeg_stream import Trouble, open_stream
from mnist_edge.benchmarks.endurance.soak import free_port
from mnist_edge.benchmarks.harness.camera_process import Line, start_camera, until
from mnist_edge.camera.sinks.encoders import BUFFER_BYTES
from mnist_edge.opencv import cv2

RECORD_SECONDS, RATE = 6.0, 25
# What may be lost beside what FFmpeg had collected: a fragment of a second, and a second of a busy machine.
LOST_FRAMES = 2 * RATE
# After so long without the stream, the next attempt is seconds away.
BACK_OFF_SECONDS = 4.5
# One Ctrl-C that is passed on twice comes within a third of a second.
AGAIN_SECONDS = 0.5
AT_ONCE_SECONDS = 1.0
# How long systemd is said to wait for a sign of life, and how long there is nothing to read.
WATCHDOG_SECONDS, OUTAGE_SECONDS = 3.0, 5.0


def kill_while_recording(video: str, goes_on: bool, folder: Path) -> Outcome:
    """Kill the camera, which leaves it no moment, play what it has recorded, and start it again.

    Args:
        video: What to record to.
        goes_on: Whether the next start must record on; otherwise it must refuse to replace what is there.
        folder: Where it runs.
    """
    flags = ("--source", "fake", "--rate", f"{RATE}", "--record", video)
    with start_camera(folder, *flags) as camera:
        camera.wait_until_it_reads()
        camera.wait_for(lambda: bool(_videos(folder)))
        time.sleep(RECORD_SECONDS)
        camera.process.send_signal(signal.SIGKILL)
        camera.wait_for_end()
    (left,) = _videos(folder)
    size, played, meant = left.stat().st_size, _count_frames(left), round(RECORD_SECONDS * RATE)
    killed = time.monotonic()
    with start_camera(folder, *flags) as again:
        seconds = again.reads_after(killed)
        refused = again.process.poll() is not None and again.logged(f"{left.name} exists already") == 1
        ended = {} if refused else end(again)
    promises = {
        f"{played} of {meant} frames can be played": played >= meant - _may_be_lost(size, played),
        "the next start did not go on" if goes_on else "the next start was not refused": refused != goes_on,
        "the next start changed what was there": left.exists() and left.stat().st_size == size,
        **ended,
    }
    seconds = round(time.monotonic() - killed, 2) if refused else seconds
    figures = {"file": left.name, "frames": meant, "played": played, "started_again": not refused}
    return judge(again, seconds, promises, figures)


def _may_be_lost(size: int, played: int) -> float:
    """How many frames of a killed recording, from its size in bytes and the frames in it."""
    return LOST_FRAMES + BUFFER_BYTES * played / max(size, 1)


def interrupt(trouble: Trouble, folder: Path) -> Outcome:
    """Press Ctrl-C while the stream is lost."""
    with open_stream() as stream, start_camera(folder, *_patient(stream.url)) as camera:
        camera.wait_until_it_reads()
        with stream.having(trouble):
            time.sleep(BACK_OFF_SECONDS)
            pressed = time.monotonic()
            ended = end(camera)
            return judge(camera, round(time.monotonic() - pressed, 2), ended)


def interrupt_twice(folder: Path) -> Outcome:
    """Press Ctrl-C while a thread is stuck, and again while that is waited for."""
    with open_stream() as stream, start_camera(folder, *_patient(stream.url)) as camera:
        camera.wait_until_it_reads()
        with stream.having("silent"):
            time.sleep(1.0)
            camera.interrupt(AGAIN_SECONDS)
            code, seconds = camera.interrupt() if camera.process.poll() is None else (0, 0.0)
        promises = {
            f"the second Ctrl-C took {seconds:.1f} s": seconds <= AT_ONCE_SECONDS,
            # It may have been at its end already.
            f"it ended with exit code {code}": code in (-signal.SIGINT, 0),
        }
        return judge(camera, None if code is None else round(seconds, 2), promises, {"exit_code": code})


def watch(folder: Path) -> Outcome:
    """Have the stream lost, then the loop paused, each longer than the watchdog waits."""
    port = free_port()
    with open_stream() as stream, _systemd(folder) as (signs, environment):
        flags = (*_patient(stream.url), "--serve", str(port))
        with start_camera(folder, *flags, environment=environment) as camera:
            camera.wait_until_it_reads()
            with stream.having("gone"):
                time.sleep(OUTAGE_SECONDS)
            seconds = camera.reads_after(time.monotonic())
            ask(port, "/api/controls", {"paused": True})
            time.sleep(OUTAGE_SECONDS)
            paused = frames_read(port)
            ask(port, "/api/controls", {"paused": False})
            until(lambda: frames_read(port) > paused)
            promises = end(camera)
        said = [sign.text for sign in signs if "STATUS=" not in sign.text]
        alive = [sign.when for sign in signs if "WATCHDOG=1" in sign.text]
        longest = max((after - before for before, after in pairwise(alive)), default=float("inf"))
        promises |= {
            "its first word was not that it is ready": "".join(said[:1]).startswith("READY=1"),
            "its last word was not that it stops": said[-1:] == ["STOPPING=1"],
            f"no sign of life for {longest:.1f} of {WATCHDOG_SECONDS:g} s": longest < WATCHDOG_SECONDS,
        }
        return judge(camera, seconds, promises, {"signs": len(alive), "longest_silence_s": round(longest, 2)})


def _patient(url: str) -> tuple[str, ...]:
    return ("--source", url, "--events", "-", "--timeout", "30")


def _videos(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in (".avi", ".mp4")]


def _count_frames(video: Path) -> int:
    capture, frames = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG), 0
    while capture.read()[0]:
        frames += 1
    capture.release()
    return frames


@contextmanager
def _systemd(folder: Path) -> Iterator[tuple[list[Line], dict[str, str]]]:
    """What is told to systemd, and the environment that it gives to a service with a watchdog."""
    signs: list[Line] = []

    def listen() -> None:
        while message := ear.recv(4096):
            signs.append(Line(time.monotonic(), message.decode()))

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "notify"))
        thread = Thread(target=listen, daemon=True)
        thread.start()
        yield signs, {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            mouth.sendto(b"", str(folder / "notify"))
        thread.join()


ANEW = f"SIGKILL after {RECORD_SECONDS:g} s, and the same command again, which "
PROCESS_FAULTS = (
    Fault("killed recording AVI", f"{ANEW}must refuse", partial(kill_while_recording, "video.avi", False)),
    Fault("killed recording MP4", f"{ANEW}must refuse", partial(kill_while_recording, "video.mp4", False)),
    Fault("killed recording to a folder", f"{ANEW}must go on", partial(kill_while_recording, "videos", True)),
    Fault("Ctrl-C while away", "one SIGINT between two attempts to reach a stream", partial(interrupt, "gone")),
    Fault("Ctrl-C while stuck", "one SIGINT while a stream sends nothing", partial(interrupt, "silent")),
    Fault(
        "Ctrl-C twice", f"one SIGINT while a stream sends nothing, and one {AGAIN_SECONDS:g} s later", interrupt_twice
    ),
    Fault(
        "watchdog",
        f"a stream lost for {OUTAGE_SECONDS:g} s, and then a pause as long, with a watchdog of {WATCHDOG_SECONDS:g} s",
        watch,
    ),
)
