"""Processes that read pictures, each with a reader of its own; a picture that ends its process ends nothing else."""

import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.child_process import failure_of
from mnist_edge.errors import MnistEdgeError, ModelWarning
from mnist_edge.safe_text import to_json

# The document of the picture with this path; raises `ImageError` where it cannot be read.
Read = Callable[[str], dict[str, Any]]
# Called in each process, which imports it by its name: gives the name of the model, and what reads.
Open = Callable[[], tuple[str, Read]]

# The slowest picture of `make fuzz` took 16 s on two shared cores; what takes longer than this hangs.
PATIENCE_SECONDS = 120.0
# A process has the next picture at hand while its answer is on the way.
AHEAD = 2
# So often it is looked whether a process hangs.
TICK_SECONDS = 1.0
# A picture is read again where its process ended, once: the process may have been ended for another reason.
TRIES = 2
# A terminal sends Ctrl-C to all processes, and a service manager its signals; the parent decides when they end.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one picture.

    Attributes:
        line: A line of JSON with its end: the document of the reading, or `source` and `error`.
        failed: Whether it could not be read.
    """

    line: bytes
    failed: bool


@dataclass(slots=True)
class _Job:
    source: str
    tries: int = 0


class _Process:
    """One process with the pictures that it was given and has not answered."""

    def __init__(self, open_reader: Open) -> None:
        spawn = get_context("spawn")
        self.pipe, there = spawn.Pipe()
        self.jobs: deque[_Job] = deque()
        self.waited_s = 0.0
        arguments = (there, open_reader, native_stderr.silencing_enabled)
        self.process = spawn.Process(target=_work, args=arguments)
        with _signals_blocked():
            self.process.start()
        there.close()

    def model(self) -> str:
        """Wait until it can read; return the name of the model."""
        try:
            answer, notes = self.pipe.recv()
        except (EOFError, OSError):
            raise MnistEdgeError(f"a process that should read ended before it read anything: {self.end()}") from None
        if isinstance(answer, MnistEdgeError):
            raise answer
        for note in notes:
            warnings.warn(note, ModelWarning, stacklevel=2)
        return str(answer)

    def give(self, job: _Job) -> None:
        self.jobs.append(job)
        # Of one that has ended, the pipe tells it when it is asked for the answer.
        with suppress(OSError):
            self.pipe.send_bytes(os.fsencode(job.source))

    def end(self) -> str:
        """End it; return how it had ended before, if it had."""
        self.pipe.close()
        # It closes its pipe a moment before it has ended.
        self.process.join(TICK_SECONDS)
        self.process.kill()
        self.process.join()
        return failure_of(self.process.exitcode or 0) or "exit code 0"


class Pool:
    """The processes, as `started` gives them.

    Attributes:
        model: Name of the model that reads.
    """

    def __init__(self, count: int, open_reader: Open, patience_s: float) -> None:
        """Start the processes."""
        self._open, self._patience_s = open_reader, patience_s
        self._again: deque[_Job] = deque()
        self._processes: list[_Process] = []
        self.model = ""
        try:
            for _ in range(count):
                self._processes.append(_Process(open_reader))
            for process in self._processes:
                self.model = process.model()
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
            failed, line = process.pipe.recv()
        except (EOFError, OSError):
            job, how = self._replace(number)
            job.tries += 1
            if job.tries < TRIES:
                self._again.append(job)
            else:
                yield _failure(job.source, f"{job.source} cannot be read: it ended the process, twice; at last {how}")
            return
        process.jobs.popleft()
        yield Row(line, failed)

    def _give_up(self, number: int) -> Row:
        self._processes[number].process.kill()
        job, _ = self._replace(number)
        return _failure(job.source, f"{job.source} cannot be read: no answer within {self._patience_s:g} s")

    def _replace(self, number: int) -> tuple[_Job, str]:
        """Start another process in place of one that has ended; returns what it was reading, and how it ended."""
        old = self._processes[number]
        how = old.end()
        self._processes[number] = _Process(self._open)
        self._processes[number].model()
        job = old.jobs.popleft()
        self._again += old.jobs
        return job, how


@contextmanager
def started(count: int, open_reader: Open, patience_s: float = PATIENCE_SECONDS) -> Iterator[Pool]:
    """Start processes, which end with the block however it ends, and with this process.

    A program that calls this is imported again by each process, so its own work must stand below
    `if __name__ == "__main__":`.

    Args:
        count: How many, 1 or more.
        open_reader: Called in each; can be pickled.
        patience_s: A picture that takes longer ends its process.

    Raises:
        MnistEdgeError: What `open_reader` raises, such as `ModelError`; or a process ended before it read anything.
    """
    pool = Pool(count, open_reader, patience_s)
    try:
        yield pool
    finally:
        pool.end()


def _next_job(sources: Iterator[str]) -> _Job | None:
    source = next(sources, None)
    return None if source is None else _Job(source)


def failure_line(source: str, error: str) -> bytes:
    """Write the row of what cannot be read."""
    return to_json({"source": source, "error": error}).encode() + b"\n"


def _failure(source: str, error: str) -> Row:
    return Row(failure_line(source, error), failed=True)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Start processes that signals do not reach, from their first moment."""
    # It starts with the first process, and would unblock the signals.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, open_reader: Open, silent: bool) -> None:
    """Read what comes through the pipe, until it is closed."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if silent:
        native_stderr.enable_silencing()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ModelWarning)
            model, read = open_reader()
    except MnistEdgeError as error:
        pipe.send((error, []))
        return
    with suppress(EOFError, OSError):
        pipe.send((model, [str(one.message) for one in caught if issubclass(one.category, ModelWarning)]))
        while True:
            source = os.fsdecode(pipe.recv_bytes())
            row = _read(read, source)
            pipe.send((row.failed, row.line))


def _read(read: Read, source: str) -> Row:
    try:
        return Row(to_json(read(source)).encode() + b"\n", failed=False)
    except MnistEdgeError as error:
        return _failure(source, str(error))
    except Exception as error:
        # One picture in a million must not end the reading of the others.
        return _failure(source, f"{source} cannot be read: {type(error).__name__}: {error}")


def _end_with_parent() -> None:
    # A picture that hangs would keep this process for ever if its parent was killed.
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
