"""Faults of the process itself: it is killed, interrupted while it is busy, or watched by a watchdog."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread

from mnist_edge.benchmarks.endurance.faults.fault import Fault, Outcome, end, outcome_of, stream_camera
from mnist_edge.benchmarks.endurance.mjpeg_stream import Trouble
from mnist_edge.benchmarks.endurance.recording import count_frames
from mnist_edge.benchmarks.harness.camera_process import Line, start_camera, until
from mnist_edge.camera.sinks.encoders import BUFFER_BYTES

RECORD_SECONDS, RATE = 6.0, 25
# What may be lost beside what FFmpeg had collected: a fragment of a second, and a second of a busy machine.
LOST_FRAMES = 2 * RATE
# After so long without the stream, the next attempt is seconds away.
BACK_OFF_SECONDS = 4.5
# One Ctrl-C that is passed on twice comes within a third of a second.
AGAIN_SECONDS = 0.5
AT_ONCE_SECONDS = 1.0
# Longer than any of these faults: the camera never counts a silent stream as lost.
TIMEOUT_SECONDS = 30
# How long systemd would wait for a sign of life, and how long there is nothing to read.
WATCHDOG_SECONDS, OUTAGE_SECONDS = 3.0, 5.0


def kill_while_recording(video: str, goes_on: bool, folder: Path) -> Outcome:
    """Kill the camera while it records; the next start must record on (`goes_on`), or refuse to replace the video."""
    flags = ("--source", "fake", "--rate", f"{RATE}", "--record", video)
    with start_camera(folder, *flags) as camera:
        camera.wait_until_it_reads()
        camera.wait_for(lambda: bool(_videos(folder)))
        time.sleep(RECORD_SECONDS)
        camera.process.send_signal(signal.SIGKILL)
        camera.wait_for_end()
    (left,) = _videos(folder)
    size, played, meant = left.stat().st_size, count_frames(left), round(RECORD_SECONDS * RATE)
    may_be_lost = LOST_FRAMES + BUFFER_BYTES * played / max(size, 1)
    killed = time.monotonic()
    with start_camera(folder, *flags) as again:
        seconds = again.reads_after(killed)
        refused = again.process.poll() is not None and again.logged(f"{left.name} exists already") == 1
        ended = {} if refused else end(again)
    promises = {
        f"{played} of {meant} frames can be played": played >= meant - may_be_lost,
        "the next start did not go on" if goes_on else "the next start was not refused": refused != goes_on,
        "the next start changed what was there": left.exists() and left.stat().st_size == size,
        **ended,
    }
    seconds = round(time.monotonic() - killed, 2) if refused else seconds
    figures = {"file": left.name, "frames": meant, "played": played, "started_again": not refused}
    return outcome_of(again, seconds, promises, figures)


def interrupt(trouble: Trouble, folder: Path) -> Outcome:
    """Press Ctrl-C while the stream is lost."""
    with stream_camera(folder, timeout=TIMEOUT_SECONDS) as (stream, camera), stream.having(trouble):
        time.sleep(BACK_OFF_SECONDS)
        pressed = time.monotonic()
        ended = end(camera)
        return outcome_of(camera, round(time.monotonic() - pressed, 2), ended)


def interrupt_twice(folder: Path) -> Outcome:
    """Press Ctrl-C while a thread is stuck, and again while that is waited for."""
    with stream_camera(folder, timeout=TIMEOUT_SECONDS) as (stream, camera):
        with stream.having("silent"):
            time.sleep(1.0)
            camera.interrupt(AGAIN_SECONDS)
            code, seconds = camera.interrupt() if camera.process.poll() is None else (0, 0.0)
        promises = {
            f"the second Ctrl-C took {seconds:.1f} s": seconds <= AT_ONCE_SECONDS,
            # It may have been at its end already.
            f"it ended with exit code {code}": code in (-signal.SIGINT, 0),
        }
        return outcome_of(camera, None if code is None else round(seconds, 2), promises, {"exit_code": code})


def watch(folder: Path) -> Outcome:
    """Have the stream lost, then the loop paused, each longer than the watchdog waits."""
    serve = ("--serve", "127.0.0.1:0")
    with _systemd(folder) as (messages, environment):
        with stream_camera(folder, *serve, timeout=TIMEOUT_SECONDS, environment=environment) as (stream, camera):
            with stream.having("gone"):
                time.sleep(OUTAGE_SECONDS)
            seconds = camera.reads_after(time.monotonic())
            camera.ask("/api/controls", {"paused": True})
            time.sleep(OUTAGE_SECONDS)
            paused = camera.frames_read()
            camera.ask("/api/controls", {"paused": False})
            until(lambda: camera.frames_read() > paused)
            promises = end(camera)
        states = [message.text for message in messages if "STATUS=" not in message.text]
        alive = [message.when for message in messages if "WATCHDOG=1" in message.text]
        longest = max((after - before for before, after in pairwise(alive)), default=float("inf"))
        promises |= {
            "its first message was not that it is ready": "".join(states[:1]).startswith("READY=1"),
            "its last message was not that it stops": states[-1:] == ["STOPPING=1"],
            f"no sign of life for {longest:.1f} of {WATCHDOG_SECONDS:g} s": longest < WATCHDOG_SECONDS,
        }
        return outcome_of(camera, seconds, promises, {"signs": len(alive), "longest_silence_s": round(longest, 2)})


def _videos(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in (".avi", ".mp4")]


@contextmanager
def _systemd(folder: Path) -> Iterator[tuple[list[Line], dict[str, str]]]:
    """What systemd is notified of, and the environment that it gives to a service with a watchdog."""
    messages: list[Line] = []
    address = str(folder / "notify")

    def receive() -> None:
        while message := receiver.recv(4096):
            messages.append(Line(time.monotonic(), message.decode()))

    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(address)
        thread = Thread(target=receive, daemon=True)
        thread.start()
        yield messages, {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
        # An empty message ends the thread.
        sender.sendto(b"", address)
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
