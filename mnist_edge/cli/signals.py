"""Signals that end a command which has something to keep."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# `timeout` and `uv run` pass one signal on twice, at nearly the same time; nobody presses Ctrl-C twice this fast.
ECHO_SECONDS = 0.3


@contextmanager
def interrupted_by_signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, by KeyboardInterrupt; the list holds what came.

    What is ignored stays so: SIGHUP under nohup, SIGINT where a shell starts the command in the background.
    """
    came: list[int] = []
    first = 0.0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if came and time.monotonic() - first < ECHO_SECONDS:
            return
        first = time.monotonic()
        came.append(number)
        # The boundary's own handler, so that it knows; none where Ctrl-C is ignored.
        if callable(ctrl_c := before.get(signal.SIGINT)):
            ctrl_c(number, frame)
        raise KeyboardInterrupt

    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: handler for number in wanted if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
