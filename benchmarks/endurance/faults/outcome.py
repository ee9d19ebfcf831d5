"""A fault, and how the camera took it."""

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.harness.camera_process import CameraProcess

# The first Ctrl-C ends it in so many seconds, whatever the fault.
MAX_END_SECONDS = 3.0
# What the command says at its end.
SUMMARY = re.compile(r"no frames$|\d+ frames? in ")


class NotInjected(Exception):
    """This computer, or this user, cannot have the fault; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the camera took a fault.

    Attributes:
        seconds: From the end of the fault until all was well again; None if it never was.
        notes: What the camera said, but for the summary at its end.
        broken: What did not hold.
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
        name: Of the fault.
        injected: What is done.
        act: Does it to a camera that runs in the given empty folder. Raises `NotInjected`, or `MnistEdgeError` where
            the camera does not even start.
    """

    name: str
    injected: str
    act: Callable[[Path], Outcome]


def attempt(*command: str | Path, otherwise: str) -> None:
    """Run a command that not everybody may run.

    Raises:
        NotInjected: It is missing or fails; `otherwise` says what that means.
    """
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise NotInjected(otherwise) from None


def end(camera: CameraProcess) -> dict[str, bool]:
    """Press Ctrl-C, once; what must hold then, by what there is to say where it does not."""
    if camera.process.poll() is not None:
        return {f"it ended by itself, with exit code {camera.wait_for_end()}": False}
    code, took = camera.interrupt()
    return {f"Ctrl-C ended it with exit code {code}": code == 0, f"Ctrl-C took {took:.1f} s": took <= MAX_END_SECONDS}


def judge(
    camera: CameraProcess, seconds: float | None, promises: Mapping[str, bool], figures: Mapping[str, Any] | None = None
) -> Outcome:
    """See what held.

    Args:
        camera: After its end.
        seconds: See `Outcome`.
        promises: What must hold, by what there is to say where it does not.
        figures: See `Outcome`.
    """
    said = [line.text for line in camera.notes if not SUMMARY.match(line.text)]
    strange = [line for line in said if not line.startswith(("note: ", "error: "))]
    promises = {
        "it did not come back": seconds is not None,
        **promises,
        f"it said what is no note: {strange[:3]}": not strange,
    }
    return Outcome(seconds, tuple(said), tuple(what for what, held in promises.items() if not held), figures)
