"""From the loop's thread to the server's: the newest view and the last events."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from mnist_edge.camera.events import Event
from mnist_edge.camera.view import View
from mnist_edge.camera.web.access import Refused

# Events that are kept, for a client that comes late or is slow.
KEPT = 200
# Of each kind; a page has one of both.
MAX_CLIENTS = 16
# Without a sign of life for so long, the loop hangs.
SILENT_SECONDS = 10.0


class Feed:
    """What the loop knows. It may be told from any thread; its news are awaited in the event loop that made it.

    Attributes:
        view: The newest; None before the first.
        events: The last ones, each with its serial number, from 1.
        news: Done as soon as there is anything new after now; then replaced by another.
        counts: How many events of each kind there were.
        clients: How many there are of each kind now.
    """

    def __init__(self) -> None:
        """Nothing is known yet; the loop counts as alive for the first seconds."""
        self.view: View | None = None
        self.events: deque[tuple[int, Event]] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter(appeared=0, changed=0, gone=0)
        self.clients: Counter[str] = Counter(pictures=0, events=0)
        self._heard = time.monotonic()
        self._serial = 0
        self._loop = asyncio.get_running_loop()
        self.news: asyncio.Future[None] = self._loop.create_future()
        self._told = False

    @property
    def alive(self) -> bool:
        """Whether the loop gave a sign of life of late."""
        return time.monotonic() - self._heard < SILENT_SECONDS

    def beat(self) -> None:
        """A sign of life."""
        self._heard = time.monotonic()

    def show(self, view: View) -> None:
        """Take a view; the same one again is only a sign of life."""
        self.beat()
        if view is not self.view:
            self.view = view
            self._tell()

    def write(self, events: Sequence[Event]) -> None:
        """Take one frame's events."""
        for event in events:
            self._serial += 1
            self.counts[event.event] += 1
            self.events.append((self._serial, event))
        self._tell()

    def events_after(self, serial: int) -> list[tuple[int, Event]]:
        """Those with a higher serial number that are still kept."""
        return [one for one in tuple(self.events) if one[0] > serial]

    @contextmanager
    def client(self, kind: str) -> Iterator[None]:
        """Count one who waits for news.

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

    def wake(self) -> None:
        """Let all who wait look again; in the server's thread."""
        self._told = False
        news, self.news = self.news, self._loop.create_future()
        if not news.done():
            news.set_result(None)

    def _tell(self) -> None:
        # To wake the other thread takes time, so once is enough, and only where somebody waits.
        if any(self.clients.values()) and not self._told:
            self._told = True
            # The server may have ended already.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.wake)


async def first_of(*futures: asyncio.Future[None], timeout_seconds: float) -> None:
    """Wait for one of them, or for so long."""
    await asyncio.wait(futures, timeout=max(timeout_seconds, 0), return_when=asyncio.FIRST_COMPLETED)
