"""Define how long work reports its progress."""

from typing import Protocol


class Progress(Protocol):
    """A callback for progress; the command line draws a bar, a library user may ignore it."""

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """Report `done` of `total` units, with a short note such as `accuracy 0.99`."""


def no_progress(done: float, total: float, note: str = "") -> None:
    """Ignore the progress."""
