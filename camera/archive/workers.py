"""Processes that read files, each with a reader of its own; a picture that ends its process ends nothing else."""

import os
import signal
import subprocess
import sys
import time
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait

from mnist_edge import native_stderr
from mnist_edge.camera.archive.row import TICK_SECONDS, Open, Row, failure
from mnist_edge.child_process import failure_of, import_path
from mnist_edge.errors import MnistEdgeError, ModelWarning

# The slowest picture of `make fuzz` took 16 s on two shared cores; what takes longer than this hangs.
PATIENCE_SECONDS = 120.0
# A process has the next picture at hand while its answer is on the way.
AHEAD = 2
# A picture is read again where its process ended, once: the process may have been ended for another reason.
TRIES = 2
# A terminal sends Ctrl-C to all processes, and a service manager its signals; the parent decides when they end.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(slots=True)
class _Job:
    source: str
    tries: int = 0


class _Process:
    """One process with the pictures that it was given and has not answered."""

    def __init__(self, open_reader: Open, folder: str | None) -> None:
        self.pipe, there = Pipe()
        self.jobs: deque[_Job] = deque()
        self.waited_s = 0.0
        with there, _signals_blocked():
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mnist_edge.camera.archive.reading_process", str(there.fileno())],
                stdin=subprocess.PIPE, pass_fds=[there.fileno()], cwd=folder, env=import_path(),
            )  # fmt: skip
        # One that could not begin is told about when it is asked for its model.
        with suppress(OSError):
            self.pipe.send((open_reader, native_stderr.silencing_enabled))

    def model(self) -> tuple[str, list[str]]:
        """Wait until it can read; return the name of the model, and what there is to know of it."""
        try:
            answer, notes = self.pipe.recv()
        except (EOFError, OSError):
            raise MnistEdgeError(f"a process that should read ended before it read anything: {self.end()}") from None
        if isinstance(answer, MnistEdgeError):
            raise answer
        return str(answer), notes

    def give(self, job: _Job) -> None:
        self.jobs.append(job)
        # Of one that has ended, the pipe tells it when it is asked for the answer.
        with suppress(OSError):
            self.pipe.send_bytes(os.fsencode(job.source))

    def end(self) -> str:
        """End it; return how it had ended before, if it had."""
        self.pipe.close()
        # It closes its pipe a moment before it has ended.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(TICK_SECONDS)
        self.process.kill()
        self.process.communicate()
        return failure_of(self.process.returncode) or "exit code 0"


class Pool:
    """The processes, as `started` gives them.

    Attributes:
        model: Name of the model that reads.
        notes: What there is to know of the model, as `ModelWarning` tells it.
    """

    def __init__(
        self, count: int, open_reader: Open, patience_s: float = PATIENCE_SECONDS, folder: str | None = None
    ) -> None:
        """Start the processes; see `started`."""
        self._open, self._patience_s, self._folder = open_reader, patience_s, folder
        self._again: deque[_Job] = deque()
        self._processes: list[_Process] = []
        self.model, self.notes = "", list[str]()
        try:
            for _ in range(count):
                self._processes.append(_Process(open_reader, folder))
            for process in self._processes:
                self.model, self.notes = process.model()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the processes at once."""
        for process in self._processes:
            process.process.kill()
        for process in self._processes:
            process.end()

    def read(self, sources: Iterator[str]) -> Iterator[Row]:
        """Read pictures; yields a row for each, as they are finished.

        Args:
            sources: Their paths, taken only when a process is free.
        """
        looked = time.monotonic()
        while self._feed(sources):
            ready = wait([process.pipe for process in self._processes if process.jobs], TICK_SECONDS)
            # Where this process was stopped, or the machine slept, nobody has been waiting.
            passed = min(time.monotonic() - looked, 2 * TICK_SECONDS)
            looked = time.monotonic()
            for number, process in enumerate(self._processes):
                if process.pipe in ready:
                    yield from self._answer(number)
                elif process.jobs:
                    process.waited_s += passed
                    if process.waited_s > self._patience_s:
                        yield self._give_up(number)

    def _feed(self, sources: Iterator[str]) -> bool:
        """Give each process what it has room for; returns whether any has something to do."""
        for ahead in range(1, AHEAD + 1):
            for process in self._processes:
                if len(process.jobs) < ahead:
                    job = self._again.popleft() if self._again else _next_job(sources)
                    if job:
                        process.give(job)
        return any(process.jobs for process in self._processes)

    def _answer(self, number: int) -> Iterator[Row]:
        process = self._processes[number]
        process.waited_s = 0.0
        try:
            answer = process.pipe.recv()
        except (EOFError, OSError):
            job, how = self._replace(number)
            job.tries += 1
            if job.tries < TRIES:
                self._again.append(job)
            else:
                yield failure(job.source, f"{job.source} cannot be read: it ended the process, twice; at last {how}")
            return
        if answer is not None:
            process.jobs.popleft()
            yield Row(*answer)

    def _give_up(self, number: int) -> Row:
        self._processes[number].process.kill()
        job, _ = self._replace(number)
        return failure(job.source, f"{job.source} cannot be read: no answer within {self._patience_s:g} s")

    def _replace(self, number: int) -> tuple[_Job, str]:
        """Start another process in place of one that has ended; returns what it was reading, and how it ended."""
        old = self._processes[number]
        how = old.end()
        self._processes[number] = _Process(self._open, self._folder)
        self._processes[number].model()
        job = old.jobs.popleft()
        self._again += old.jobs
        return job, how


@contextmanager
def started(count: int, open_reader: Open, patience_s: float = PATIENCE_SECONDS) -> Iterator[Pool]:
    """Start processes, which end with the block however it ends, and with this process.

    Args:
        count: How many, 1 or more.
        open_reader: Called in each; can be pickled.
        patience_s: A picture that takes longer ends its process.

    Raises:
        MnistEdgeError: What `open_reader` raises, such as `ModelError`; or a process ended before it read anything.
    """
    pool = Pool(count, open_reader, patience_s)
    try:
        for note in pool.notes:
            warnings.warn(note, ModelWarning, stacklevel=3)
        yield pool
    finally:
        pool.end()


def _next_job(sources: Iterator[str]) -> _Job | None:
    source = next(sources, None)
    return None if source is None else _Job(source)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Start processes that signals do not reach, from their first moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
