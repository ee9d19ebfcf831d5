"""Events on their way to a broker: bounded, in order, and kept until they are acknowledged."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from mnist_edge.camera.events import Event

# Sent and not yet acknowledged; those behind them wait here, where they are counted and bounded.
IN_FLIGHT = 20


class Outbox:
    """Events that were not acknowledged yet. Any thread adds; one thread does the rest.

    Attributes:
        dropped: How many gave way to newer ones.
    """

    def __init__(self, limit: int) -> None:
        """Nothing waits; `limit` events at most ever will, and more than `IN_FLIGHT` may."""
        self.dropped = 0
        self._limit = limit
        self._waiting: deque[Event] = deque()
        self._sent: dict[int, Event] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    def add(self, events: Sequence[Event]) -> None:
        """Put events behind those that wait; the oldest waiting give way."""
        with self._lock:
            self._waiting.extend(events)
            while len(self) > self._limit:
                self._waiting.popleft()
                self.dropped += 1

    def send(self, publish: Callable[[Event], int]) -> None:
        """Pass on, in order, as many as may be in flight; `publish` returns the number of the acknowledgement."""
        while self._waiting and len(self._sent) < IN_FLIGHT:
            with self._lock:
                event = self._waiting.popleft()
                self._sent[publish(event)] = event

    def acknowledge(self, number: int) -> None:
        """Forget the event that was sent with this number; other numbers mean nothing here."""
        self._sent.pop(number, None)

    def take_back(self) -> None:
        """Queue what was not acknowledged again, in front: the connection is gone."""
        with self._lock:
            self._waiting.extendleft(reversed(self._sent.values()))
            self._sent.clear()
