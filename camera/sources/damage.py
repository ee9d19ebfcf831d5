"""Streams in which a picture is damaged now and then: it is passed over, counted and said."""

import time
from collections.abc import Callable
from typing import Any

from mnist_edge.camera.sources.capture import Capture

# As many damaged pictures in a row are a stream that is lost. One that has ended fails as often in no time.
MAX_IN_ROW = 10


class Damage:
    """The pictures of one source that were passed over, however often it was opened; tells their number when left.

    Attributes:
        count: How many there were.
    """

    def __init__(self, note: Callable[[str], object]) -> None:
        """None yet.

        Args:
            note: Told of the first, and of all when this is left.
        """
        self.count = 0
        self._note = note

    def __enter__(self) -> "Damage":
        return self

    def __exit__(self, *error: object) -> None:
        """Tell how many there were."""
        if self.count:
            self._note(f"note: damaged pictures passed over: {self.count}")

    def add(self, name: str, count: int) -> None:
        """Count pictures that a source passed over."""
        if not self.count:
            self._note(f"note: {name} has damaged pictures; they are passed over and counted")
        self.count += count


class ForgivingCapture:
    """A capture that goes on after a damaged picture, which OpenCV does not tell from the end."""

    def __init__(self, capture: Capture, name: str, timeout_seconds: float, damage: Damage) -> None:
        """Take over a capture that is open.

        Args:
            capture: It.
            name: Of the source, for messages.
            timeout_seconds: A read that takes so long has failed because nothing came.
            damage: Where damaged pictures are counted.
        """
        self._capture = capture
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._damage = damage

    def read(self) -> tuple[bool, Any]:
        """See `Capture`."""
        for failed in range(MAX_IN_ROW):
            began = time.monotonic()
            there, image = self._capture.read()
            if there:
                if failed:
                    self._damage.add(self._name, failed)
                return True, image
            if time.monotonic() - began >= self._timeout_seconds:
                break
        return False, None

    def get(self, property: int) -> float:
        """See `Capture`."""
        return self._capture.get(property)

    def release(self) -> None:
        """See `Capture`."""
        self._capture.release()
