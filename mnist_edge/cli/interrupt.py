"""Ctrl-C while a command runs: one line and exit code 130, whatever it broke off."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import typer

from mnist_edge.cli.console import note
from mnist_edge.errors import MnistEdgeError

EXIT_CODE = 130
"""What shells give a process that SIGINT ended: 128 + 2."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT raise `KeyboardInterrupt` while the block runs; if that ends it, say so and exit."""
    interrupted = False

    def handle(number: int, frame: Any) -> None:
        nonlocal interrupted
        interrupted = True
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
        # A library that is broken off in the midst of its import may make an error of its own out of it.
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


def end(exit_code: int) -> NoReturn:
    """End the process as it is, without waiting for threads and without taking Python down below them."""
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(exit_code)


def _end_if_interrupted(unraisable: Any) -> None:
    """End the process where Ctrl-C came in a destructor, where Python would print the exception and go on."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.__unraisablehook__(unraisable)
