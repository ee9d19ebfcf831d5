"""Streams in which a picture is damaged now and then: it is passed over, counted and logged."""

import logging
import time
from typing import Any

from mnist_edge.camera.sources.capture import Capture

# As many damaged pictures in a row are a stream that is lost. One that has ended fails as often in no time.
MAX_IN_ROW = 10

logger = logging.getLogger(__name__)


class Damage:
    """The pictures of one source that were passed over, however often it was opened.

    The first is logged, and on leaving their number.

    Attributes:
        count: How many there were.
    """

    def __init__(self) -> None:
        """None yet."""
        self.count = 0

    def __enter__(self) -> "Damage":
        return self

    def __exit__(self, *error: object) -> None:
        """Log how many there were."""
        if self.count:
            logger.warning("damaged pictures passed over: %d", self.count)

    def add(self, name: str, count: int) -> None:
        """Count pictures that a source passed over."""
        if not self.count:
            logger.warning("%s has damaged pictures; they are passed over and counted", name)
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
