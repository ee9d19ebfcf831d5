"""`mnist-edge camera` as a process of its own, whose output and web page can be watched."""

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
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mnist_edge.errors import CheckFailed

POLL_SECONDS = 0.02
# Starting, or coming back, may take this long on a busy machine before it counts as never.
PATIENCE_SECONDS = 60.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output.

    Attributes:
        when: Moment at which it came, by `time.monotonic`.
        text: The line without its end.
    """

    when: float
    text: str


class CameraProcess:
    """The running command; `start_camera` starts one.

    Attributes:
        process: The process.
        results: Lines of standard output until now.
        notes: Lines of standard error until now.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Collect what the process prints."""
        self.process = process
        self.results: list[Line] = []
        self.notes: list[Line] = []
        self._collectors = [
            Thread(target=_collect, args=pair, daemon=True)
            for pair in ((process.stdout, self.results), (process.stderr, self.notes))
        ]
        for collector in self._collectors:
            collector.start()

    def logged(self, part: str) -> int:
        """Return how many notes contain a text."""
        return sum(part in note.text for note in self.notes)

    def events(self) -> list[dict[str, Any]]:
        """Return the events that came on standard output."""
        return [json.loads(line.text) for line in self.results if line.text.startswith("{")]

    def wait_until_it_reads(self) -> None:
        """Wait for the first digits.

        Raises:
            CheckFailed: They did not come.
        """
        if self.reads_after(0.0) is None:
            notes, code = [note.text for note in self.notes], self.process.poll()
            raise CheckFailed(f"the camera read nothing; it logged {notes}, and its exit code is {code}")

    def reads_after(self, moment: float) -> float | None:
        """Wait for an event of something seen after a moment; return how many seconds after it, None for never."""

        def later() -> list[float]:
            # A digit may be reported as gone although nothing is seen any more.
            return [line.when for line in tuple(self.results) if line.when > moment and '"gone"' not in line.text]

        self.wait_for(lambda: bool(later()))
        return round(later()[0] - moment, 2) if later() else None

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait for a condition; return whether it came true before the time was over or the process had ended."""
        met = False

        def is_over() -> bool:
            nonlocal met
            met = condition()
            return met or self.process.poll() is not None

        until(is_over, seconds)
        if not met and self.process.poll() is not None:
            # The last output may have come just before the end, and is still to be collected.
            self.wait_for_end(seconds)
        return met or condition()

    def seconds_until(self, condition: Callable[[], bool]) -> float | None:
        """Wait for a condition as `wait_for` does; return how many seconds that took, None if it never came true."""
        began = time.monotonic()
        return round(time.monotonic() - began, 2) if self.wait_for(condition) else None

    def interrupt(self, seconds: float = PATIENCE_SECONDS) -> tuple[int | None, float]:
        """Press Ctrl-C; return the exit code, None if it did not end, and how many seconds that took."""
        pressed = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.wait_for_end(seconds), time.monotonic() - pressed

    def wait_for_end(self, seconds: float = PATIENCE_SECONDS) -> int | None:
        """Return the exit code, None if it did not end."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for collector in self._collectors:
            collector.join(seconds)
        return code

    @property
    def url(self) -> str:
        """Address of the web page that `--serve` opens.

        Raises:
            CheckFailed: None was opened.
        """
        if not self.wait_for(lambda: self.logged("web page at ") > 0):
            raise CheckFailed("the camera has opened no web page")
        return next(note.text.split()[-1] for note in self.notes if "web page at " in note.text).rstrip("/")

    def ask(self, path: str, requests: Mapping[str, Any] | None = None) -> Any:
        """Return a JSON document of the web page, after sending control requests."""
        body = None if requests is None else json.dumps(requests).encode()
        request = Request(f"{self.url}{path}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def frames_read(self) -> int:
        """Return how many frames were read until now, by the web page."""
        return int(self.ask("/api/status")["stats"]["frames"])

    def reads_on(self) -> bool:
        """Wait until more frames are read than now; return whether they were."""
        before = self.frames_read()
        return self.wait_for(lambda: self.frames_read() > before)

    def health(self) -> int:
        """Return the status of `/healthz`; 0 where nothing answers."""
        try:
            with urlopen(f"{self.url}/healthz", timeout=ANSWER_SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except OSError:
            return 0


@contextmanager
def start_camera(
    folder: Path, *flags: str, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[CameraProcess]:
    """Run `mnist-edge camera` while the block runs, without a window unless `--window` is among the flags.

    Args:
        folder: The working folder; no configuration is read but one in there.
        flags: Flags of the command.
        environment: Variables to add to those of this process.
        before: A command line that runs the camera's.
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
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _collect(pipe: IO[str], lines: list[Line]) -> None:
    for line in pipe:
        lines.append(Line(time.monotonic(), line.rstrip("\n")))
