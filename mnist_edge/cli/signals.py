"""End a command by a signal: with one line and the exit code of a shell, and by keeping what there is to keep."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

import typer

from mnist_edge.cli.console import note
from mnist_edge.errors import MnistEdgeError

# A shell's for a process that SIGINT ended: 128 + 2.
EXIT_CODE = 130
# `timeout` and `uv run` pass one signal on twice, at nearly the same time; nobody presses Ctrl-C twice this fast.
ECHO_SECONDS = 0.3


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT raise `KeyboardInterrupt` while the block runs; if that ends it, print a line and exit with 130.

    A second one, unless it is an echo of the first, ends the process at once: the first may be held, or swallowed.
    """
    interrupted = False
    first = 0.0

    def handle(number: int, frame: Any) -> None:
        nonlocal interrupted, first
        if interrupted:
            if time.monotonic() - first > ECHO_SECONDS:
                end_from_handler(EXIT_CODE)
            return
        interrupted, first = True, time.monotonic()
        raise KeyboardInterrupt

    # Set by `mnist_edge.__main__`; a program that has its own handler keeps it.
    ours = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    hook = sys.unraisablehook
    if ours:
        signal.signal(signal.SIGINT, handle)
        sys.unraisablehook = _end_if_interrupted
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        # A library that is broken off in the middle of its import may raise an error of its own.
        if isinstance(error, KeyboardInterrupt) or (interrupted and not isinstance(error, typer.Exit | MnistEdgeError)):
            note("interrupted")
            if ours:
                # Threads may be waiting for a child process or a camera.
                end(EXIT_CODE)
            raise typer.Exit(EXIT_CODE) from None
        raise
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            sys.unraisablehook = hook


def exit_code(ending: SystemExit) -> int:
    """Return the exit code that Python would end with."""
    return ending.code if isinstance(ending.code, int) else int(ending.code is not None)


def end_at_once(ending: SystemExit) -> None:
    """End the process where nothing is left to wait for: to take Python apart is a twentieth of reading a picture.

    What is registered with `atexit` is done. A profiler reports later, so beneath one the process ends as always.
    """
    if threading.active_count() == 1 and sys.getprofile() is None:
        atexit._run_exitfuncs()
        end(exit_code(ending))


def end(exit_code: int) -> NoReturn:
    """End the process at once, without waiting for threads and without finalising Python below them."""
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(exit_code)


def end_from_handler(exit_code: int) -> NoReturn:
    """End the process from within a signal's handler, with one line; incomplete files lie hidden and are swept later.

    Standard error is written past Python's buffers, which the handler may have interrupted.
    """
    # On a terminal a progress bar is erased, and its cursor shown again.
    line = b"\r\x1b[K\x1b[?25hinterrupted\n" if os.isatty(2) else b"interrupted\n"
    with suppress(OSError):
        os.write(2, line)
    os._exit(exit_code)


def _end_if_interrupted(unraisable: Any) -> None:
    """End the process after Ctrl-C in a destructor, where Python would print the exception and continue."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.__unraisablehook__(unraisable)


@contextmanager
def interrupted_by_signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, by KeyboardInterrupt; yields the list of received signals.

    A second signal, unless it is an echo of the first, ends the process at once. Ignored signals stay ignored: SIGHUP
    under nohup, SIGINT where a shell starts the command in the background.
    """
    received: list[int] = []
    first = 0.0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if received:
            if time.monotonic() - first > ECHO_SECONDS:
                # Not by an exception: TensorFlow may be at work.
                end_from_handler(128 + number)
            return
        first = time.monotonic()
        received.append(number)
        # The handler of `interruptible`, which records it; none where Ctrl-C is ignored.
        if callable(ctrl_c := before.get(signal.SIGINT)):
            ctrl_c(number, frame)
        raise KeyboardInterrupt

    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: handler for number in wanted if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
