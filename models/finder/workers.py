"""Processes that draw for a training, and end with it however it ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from mnist_edge.opencv import cv2


@contextmanager
def workers(count: int, begin: Callable[..., object], *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """Start processes that call `begin` with the arguments first.

    What they were given is done where the block ends by itself; where an exception ends it, or this process, they end
    at once. A program that calls this is imported again by each process, so its own work must stand below
    `if __name__ == "__main__":`.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    executor = ProcessPoolExecutor(count, spawn, initializer=_begin, initargs=(there, begin, arguments))
    try:
        yield executor
    except BaseException:
        here.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        here.close()
        there.close()


def _begin(training: Connection, begin: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    # A terminal sends Ctrl-C to all processes, and a service manager its signals; the training decides when it ends.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(training,), daemon=True).start()
    cv2.setNumThreads(1)
    begin(*arguments)


def _end_with(training: Connection) -> None:
    # Nothing is ever sent: this waits until the other end is closed.
    with suppress(EOFError, OSError):
        training.recv()
    os._exit(0)
