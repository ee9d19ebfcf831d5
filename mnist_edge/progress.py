"""How long work reports its progress to whoever shows it."""

from typing import Protocol


class Progress(Protocol):
    """Called as work goes on; the command line shows it, a library user may ignore it."""

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """Report `done` of `total` units, with a short note such as `accuracy 0.99`."""


def no_progress(done: float, total: float, note: str = "") -> None:
    """Show nothing."""
