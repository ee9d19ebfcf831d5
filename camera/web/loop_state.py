"""What the server knows of the running loop, as clients get it, and how they are woken when it changes."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from mnist_edge import __version__
from mnist_edge.camera.control_requests import controls_of
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Happening, digits_to_json
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.regions import regions_to_text
from mnist_edge.camera.view import View
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.classes import names_of

# Events that are kept, for clients that are slow.
KEPT_EVENTS = 200
# Clients of each kind of stream; a page opens one stream of each kind.
MAX_CLIENTS = 16
# A loop without a heartbeat for so long hangs: it sends one with each frame, or once a second where none comes.
SILENT_SECONDS = 10.0


class LoopState:
    """The newest view and the last events: written by the loop's thread, read in the event loop of the server.

    Attributes:
        view: The newest view; None before the first.
        events: The last events, each with its serial number, from 1.
        changed: A future that is done at the next change, and is then replaced by another.
        counts: How many events of each kind there were.
        clients: How many clients of each kind of stream there are.
    """

    def __init__(self) -> None:
        """Take the running event loop; the camera's loop counts as alive for the first seconds."""
        self.view: View | None = None
        self.events: deque[tuple[int, Happening]] = deque(maxlen=KEPT_EVENTS)
        self.counts: Counter[str] = Counter(appeared=0, changed=0, gone=0)
        self.clients: Counter[str] = Counter(pictures=0, events=0)
        self._last_heartbeat = time.monotonic()
        self._serial = 0
        self._event_loop = asyncio.get_running_loop()
        self.changed: asyncio.Future[None] = self._event_loop.create_future()
        self._is_waking = False

    @property
    def alive(self) -> bool:
        """Whether there was a heartbeat of late."""
        return time.monotonic() - self._last_heartbeat < SILENT_SECONDS

    def beat(self) -> None:
        """Record a heartbeat of the camera's loop."""
        self._last_heartbeat = time.monotonic()

    def show(self, view: View) -> None:
        """Publish a view; the same view again is only a heartbeat."""
        self.beat()
        if view is not self.view:
            self.view = view
            self._wake_clients()

    def write(self, events: Sequence[Happening]) -> None:
        """Publish one frame's events."""
        for event in events:
            self._serial += 1
            self.counts[event.event] += 1
            self.events.append((self._serial, event))
        self._wake_clients()

    def events_after(self, serial: int) -> list[tuple[int, Happening]]:
        """Return the events with a higher serial number that are still kept."""
        return [numbered for numbered in tuple(self.events) if numbered[0] > serial]

    @contextmanager
    def client(self, kind: str) -> Iterator[None]:
        """Count a client of a stream while it is connected.

        Raises:
            Refused: There are too many already.
        """
        if self.clients[kind] >= MAX_CLIENTS:
            raise Refused(503, f"{MAX_CLIENTS} clients watch already; close one, or come back later")
        self.clients[kind] += 1
        try:
            yield
        finally:
            self.clients[kind] -= 1

    def notify(self) -> None:
        """Complete `changed`; only in the event loop."""
        self._is_waking = False
        changed, self.changed = self.changed, self._event_loop.create_future()
        if not changed.done():
            changed.set_result(None)

    def _wake_clients(self) -> None:
        # Waking another thread takes time: once is enough, and only where a client waits.
        if any(self.clients.values()) and not self._is_waking:
            self._is_waking = True
            # The server may have ended already.
            with suppress(RuntimeError):
                self._event_loop.call_soon_threadsafe(self.notify)


@dataclass(frozen=True, slots=True)
class Loop:
    """The running loop, as handlers reach it."""

    state: LoopState
    controls: Controls
    meter: Meter


class LoopHandler(Handler):
    """A handler of what has to do with the loop."""

    @property
    def loop(self) -> Loop:
        """The running loop."""
        loop: Loop = self.settings["loop"]
        return loop


async def first_of(*futures: asyncio.Future[None], timeout_seconds: float) -> None:
    """Wait until one of the futures is done, or the time is over."""
    await asyncio.wait(futures, timeout=max(timeout_seconds, 0), return_when=asyncio.FIRST_COMPLETED)


def reading_of(view: View | None) -> dict[str, Any]:
    """Return the document of `GET /api/reading`."""
    if view is None:
        return {"text": [], "digits": [], "fields": [], "frame": None, "seconds": None}
    return {
        "text": list(view.text),
        "digits": digits_to_json(view.digits),
        "fields": [mark.to_json() for mark in view.marks],
        "frame": view.frame.number,
        "seconds": round(view.frame.seconds, 3),
    }


def status_of(state: LoopState, controls: Controls, meter: Meter) -> dict[str, Any]:
    """Return the document of `GET /api/status`."""
    reading = state.view.reading if state.view else None
    return {
        "version": __version__,
        **{name: getattr(reading, name, None) for name in ("model", "runtime", "source", "width", "height")},
        "limited": reading.limited if reading else False,
        "stats": meter.stats.to_json(),
        "controls": controls_of(controls),
        "away": state.view.outage if state.view else "",
        "alive": state.alive,
        "viewers": state.clients["pictures"],
        "message": controls.message,
        "regions": regions_to_text(controls.regions),
    } | ({"classes": names} if (names := names_of(controls.classes)) else {})
