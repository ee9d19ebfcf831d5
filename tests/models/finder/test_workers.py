"""Workers end with the block that they work for, at once where an exception ends it."""

import os
import signal
import time

import pytest

from mnist_edge.models.finder.workers import workers

LONG_S = 60


def test_an_exception_ends_what_takes_long() -> None:
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), workers(1, os.getpid) as executor:
        process = executor.submit(os.getpid).result()
        waiting = executor.submit(time.sleep, LONG_S)
        raise KeyboardInterrupt
    assert time.monotonic() - started < LONG_S / 2
    assert waiting.cancelled() or waiting.exception()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_signals_are_left_to_the_training() -> None:
    with workers(1, os.getpid) as executor:
        process = executor.submit(os.getpid).result()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process, number)
        assert executor.submit(os.getpid).result() == process
