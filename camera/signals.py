"""Ending the loop from outside: Ctrl-C, SIGTERM, or a key in the window."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# `timeout` and `uv run` pass one Ctrl-C on twice, at nearly the same time; nobody presses it twice this fast.
ECHO_SECONDS = 0.3


@dataclass(slots=True)
class Stop:
    """A request to end after the current frame, shared by all who may ask for it and all who must obey.

    A plain flag: a signal handler may set it at any moment, where an Event's lock could be held already.
    """

    requested: bool = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request to stop, and let a second one end the process at once."""
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
    # Under nohup SIGHUP is ignored, and stays so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
