"""Server-sent events: what one client must be told to know as much as the server."""

import time
from typing import Any

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Event
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web.documents import reading_of, status_of
from mnist_edge.camera.web.feed import Feed
from mnist_edge.safe_text import to_json

# So often a client hears of the status, changed or not: a sign of life for it too.
STATUS_SECONDS = 1.0
# Changes that a client hears of when it comes.
HISTORY = 30
# What is told at once when it changes; the rest of the status, such as rates, changes all the time.
URGENT = ("controls", "away", "alive", "message", "width", "height", "model", "limited")


class Telling:
    """Remembers what one client has been told. A slow one misses what was replaced meanwhile."""

    def __init__(self, feed: Feed, controls: Controls, meter: Meter) -> None:
        """Nothing was told yet."""
        self._feed, self._controls, self._meter = feed, controls, meter
        self._serial = 0
        self._reading: tuple[Any, Any] | None = None
        self._urgent: list[Any] = []
        self._status_due = 0.0
        self._greeted = False

    def news(self) -> str:
        """What is new since the last call, as it goes over the line; empty where nothing is."""
        return self._status() + self._events() + self._reading_now()

    def _status(self) -> str:
        status = status_of(self._feed, self._controls, self._meter)
        urgent, now = [status[name] for name in URGENT], time.monotonic()
        if urgent == self._urgent and now < self._status_due:
            return ""
        self._urgent, self._status_due = urgent, now + STATUS_SECONDS
        return _message("status", status)

    def _events(self) -> str:
        events = self._feed.events_after(self._serial)
        self._serial = events[-1][0] if events else self._serial
        if not self._greeted:
            self._greeted = True
            return _message("history", [_document(one) for one in events[-HISTORY:]])
        return "".join(_message("event", _document(one)) for one in events)

    def _reading_now(self) -> str:
        reading = reading_of(self._feed.view)
        if self._reading == (reading["text"], reading["digits"]):
            return ""
        self._reading = reading["text"], reading["digits"]
        return _message("reading", reading)


def _document(numbered: tuple[int, Event]) -> dict[str, Any]:
    return numbered[1].to_json()


def _message(name: str, document: object) -> str:
    return f"event: {name}\ndata: {to_json(document)}\n\n"
