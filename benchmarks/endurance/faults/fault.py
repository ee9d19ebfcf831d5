"""A fault, the cameras that faults are injected into, and what must hold afterwards."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.endurance.mjpeg_stream import MjpegStream, open_stream
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera

# The first Ctrl-C ends the command within so many seconds, whatever the fault: systemd and people wait that long.
MAX_END_SECONDS = 3.0
# The last line that the command prints.
SUMMARY = re.compile(r"no frames$|\d+ frames? in ")


class NotInjected(Exception):
    """This computer, or this user, cannot have the fault; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the camera took a fault.

    Attributes:
        seconds: Time from the end of the fault until the camera worked again; None if it never did.
        notes: What the camera logged, but for the summary at its end.
        broken: One sentence for each thing that did not hold.
        figures: What else was measured.
        skipped: Why the fault was not injected; empty where it was.
    """

    seconds: float | None = None
    notes: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    figures: Mapping[str, Any] | None = None
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong in the life of a camera.

    Attributes:
        name: Name on the command line.
        injected: What is done, for people.
        act: Does it to a camera that runs in the given empty folder. Raises `NotInjected`, or `MnistEdgeError` where
            the camera does not even start.
    """

    name: str
    injected: str
    act: Callable[[Path], Outcome]


@contextmanager
def fake_camera(folder: Path, *flags: str, before: Sequence[str] = ()) -> Iterator[CameraProcess]:
    """Run the fake camera with a web page, and wait until it reads; see `start_camera`."""
    with start_camera(folder, "--source", "fake", "--serve", "127.0.0.1:0", *flags, before=before) as camera:
        camera.reads_on()
        yield camera


@contextmanager
def stream_camera(
    folder: Path,
    *flags: str,
    events: str = "-",
    timeout: int = 2,
    address: Callable[[str], str] = str,
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Iterator[tuple[MjpegStream, CameraProcess]]:
    """Run a camera on a stream of its own, and wait until it reads; see `start_camera`.

    Args:
        folder: The working folder.
        flags: Further flags of the command.
        events: Where the events go.
        timeout: Seconds without a picture after which the camera counts the stream as lost.
        address: Makes the address that the camera is given from the stream's.
        environment: Variables to add.
        before: A command line that runs the camera's.
    """
    with open_stream() as stream:
        usual = ("--source", address(stream.url), "--events", events, "--timeout", str(timeout))
        with start_camera(folder, *usual, *flags, environment=environment, before=before) as camera:
            camera.wait_until_it_reads()
            yield stream, camera


def attempt(*command: str | Path, otherwise: str) -> None:
    """Run a command that not everybody may run.

    Raises:
        NotInjected: The command is missing or fails; `otherwise` is the message.
    """
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise NotInjected(otherwise) from None


def end(camera: CameraProcess) -> dict[str, bool]:
    """Press Ctrl-C once; return what must hold then, by the sentence for where it does not."""
    if camera.process.poll() is not None:
        return {f"it ended by itself, with exit code {camera.wait_for_end()}": False}
    code, took = camera.interrupt()
    return {f"Ctrl-C ended it with exit code {code}": code == 0, f"Ctrl-C took {took:.1f} s": took <= MAX_END_SECONDS}


def outcome_of(
    camera: CameraProcess, seconds: float | None, promises: Mapping[str, bool], figures: Mapping[str, Any] | None = None
) -> Outcome:
    """Return the outcome for a camera that has ended.

    Args:
        camera: The camera, after its end.
        seconds: See `Outcome`.
        promises: What must hold, by the sentence for where it does not.
        figures: See `Outcome`.
    """
    notes = [line.text for line in camera.notes if not SUMMARY.match(line.text)]
    strange = [line for line in notes if not line.startswith(("note: ", "error: "))]
    promises = {
        "it did not come back": seconds is not None,
        **promises,
        f"it logged what is no note: {strange[:3]}": not strange,
    }
    return Outcome(seconds, tuple(notes), tuple(what for what, held in promises.items() if not held), figures)
