"""The request to end the loop, by Ctrl-C, SIGTERM, SIGHUP or a key in the window."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# `timeout` and `uv run` pass one Ctrl-C on twice at nearly the same time; people press it twice more slowly.
ECHO_SECONDS = 0.3


@dataclass(slots=True)
class Stop:
    """A request to end after the current frame, shared by everything that requests or obeys it.

    A plain flag: a signal handler that runs while the lock of a `threading.Event` is held would wait for it for ever.
    """

    requested: bool = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request to end; a second one ends the process at once."""
    stop = Stop()
    first = 0.0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if not stop.requested:
            stop.requested, first = True, time.monotonic()
        elif time.monotonic() - first > ECHO_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    wanted = [signal.SIGINT, signal.SIGTERM]
    # nohup ignores SIGHUP, which stays ignored.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
