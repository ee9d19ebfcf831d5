"""`mnist-edge camera` as a process of its own, watched while it meets a fault."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

from mnist_edge.errors import CheckFailed

POLL_SECONDS = 0.02
# So long may starting, or coming back, take on a busy machine before it counts as never.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """What was said.

    Attributes:
        when: It was heard, by `time.monotonic`.
        text: Without the end of the line.
    """

    when: float
    text: str


class CameraProcess:
    """The running command; `start_camera` starts one.

    Attributes:
        process: It.
        results: What came on standard output until now.
        notes: What came on standard error until now.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Listen to what it says."""
        self.process = process
        self.results: list[Line] = []
        self.notes: list[Line] = []
        self._ears = [
            Thread(target=_listen, args=heard, daemon=True)
            for heard in ((process.stdout, self.results), (process.stderr, self.notes))
        ]
        for ear in self._ears:
            ear.start()

    def said(self, part: str) -> int:
        """How many notes have this in them."""
        return sum(part in note.text for note in self.notes)

    def events(self) -> list[dict[str, Any]]:
        """Those that came on standard output."""
        return [json.loads(line.text) for line in self.results if line.text.startswith("{")]

    def wait_until_it_reads(self) -> None:
        """Wait for the first digits.

        Raises:
            CheckFailed: They did not come.
        """
        if self.reads_after(0.0) is None:
            said = [note.text for note in self.notes]
            raise CheckFailed(f"the camera read nothing; it said {said}, and its exit code is {self.process.poll()}")

    def reads_after(self, moment: float) -> float | None:
        """Wait until something is read that was not there at a moment; how many seconds that was after it, or None."""

        def news() -> list[float]:
            # What has gone may be told though nothing is seen any more.
            return [line.when for line in tuple(self.results) if line.when > moment and '"gone"' not in line.text]

        self.wait_for(lambda: bool(news()))
        return round(news()[0] - moment, 2) if news() else None

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait for something to become true; whether it did, before the time was over or the process had ended."""
        return until(lambda: condition() or self.process.poll() is not None, seconds) and condition()

    def interrupt(self, seconds: float = PATIENCE_SECONDS) -> tuple[int | None, float]:
        """Press Ctrl-C; the exit code, None if it did not end, and how many seconds that took."""
        pressed = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.wait_for_end(seconds), time.monotonic() - pressed

    def wait_for_end(self, seconds: float = PATIENCE_SECONDS) -> int | None:
        """The exit code, None if it did not end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for ear in self._ears:
            ear.join(seconds)
        return code


@contextmanager
def start_camera(
    folder: Path, *flags: str, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[CameraProcess]:
    """Run `mnist-edge camera` without a window while the block runs.

    Args:
        folder: Where it runs; it reads no configuration but one in there.
        flags: For the command.
        environment: What to add to this process's.
        before: A command that runs the camera's.
    """
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "XDG_CONFIG_HOME": str(folder),
        **(environment or {}),
    }
    command = [*before, sys.executable, "-m", "mnist_edge", "camera", "--no-window", *flags]
    process = subprocess.Popen(
        command, cwd=folder, env=variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    with process:
        camera = CameraProcess(process)
        try:
            yield camera
        finally:
            process.kill()
            camera.wait_for_end()


def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait for something to become true; whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _listen(pipe: IO[str], heard: list[Line]) -> None:
    for line in pipe:
        heard.append(Line(time.monotonic(), line.rstrip("\n")))
