"""Processes that draw for a training, and end with it however it ends."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from mnist_edge.opencv import cv2


@contextmanager
def workers(count: int, begin: Callable[..., object], *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """Start processes that call `begin` with the arguments first; what they have not begun at the end is dropped.

    A program that calls this is imported again by each process, so its own work must stand below
    `if __name__ == "__main__":`.
    """
    spawn = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(count, spawn, initializer=_begin, initargs=(begin, arguments))
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _begin(begin: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    # A terminal sends Ctrl-C to all processes, and a service manager its signals; the training decides when it ends.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    begin(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
