"""Background threads with bounded queues, for sinks that may have to wait for a disk, a pipe or a network."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from mnist_edge.camera.signals import Stop

# How long the end waits for the queues of all sinks together: the first Ctrl-C must end the process within 3 seconds,
# the release of the camera included, whatever is stuck.
END_SECONDS = 1.2

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
AnyWorker = TypeVar("AnyWorker", bound="Worker[Any]")
Sink = TypeVar("Sink", bound="BackgroundSink")


class Worker(Generic[Item]):
    """A thread that handles the items of a bounded queue in order.

    Only leaving the worker waits for its thread, until a deadline. The thread is a daemon, so that one that is stuck in
    a disk or a pipe does not keep the process alive. Lost items are logged when the first is lost, and at the end.

    Attributes:
        lost: Items that were not handled.
    """

    def __init__(
        self,
        what: str,
        handle: Callable[[Item], object],
        *,
        limit: int,
        slow: str = "they are not taken in time",
        last: Callable[[], object] | None = None,
        ends: Stop | None = None,
        end_seconds: float = END_SECONDS,
        silent: bool = False,
    ) -> None:
        """Start nothing yet; entering the worker starts its thread.

        Args:
            what: The items in the plural, for the log and as the thread's name.
            handle: Called in the thread with each item.
            limit: The most items in the queue.
            slow: Why items are lost when the queue is full, for the log.
            last: Called in the thread after the last item.
            ends: Requested when `handle` raises, and leaving the worker then raises the same. None: the failure is
                logged, its item is lost, and the next one is tried.
            end_seconds: How long leaving waits, unless `end` was called before.
            silent: Whether to keep losses out of the log.
        """
        self.lost = 0
        self._what, self._slow = what, slow
        self._handle, self._last, self._ends = handle, last, ends
        self._limit, self._end_seconds = limit, end_seconds
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._handling = self._ending = False
        self._silent = self._logged = silent
        self._deadline: float | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)

    def __enter__(self: AnyWorker) -> AnyWorker:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until the queue is empty or the deadline has passed; raises what `handle` raised, given `ends`."""
        self.end(time.monotonic() + self._end_seconds)
        assert self._deadline is not None
        self._thread.join(max(self._deadline - time.monotonic(), 0))
        with self._changed:
            self.lost += len(self._items) + self._handling
            # A thread that continues after the deadline finds no more items.
            self._items.clear()
        if self.lost and not self._error and not self._silent:
            logger.warning("%s lost: %d%s", self._what, self.lost, "" if self._logged else f"; {self._slow}")
        if self._error and self._ends and kind is None:
            raise self._error

    @property
    def full(self) -> bool:
        """Whether the queue is full."""
        return len(self._items) >= self._limit

    @property
    def busy(self) -> bool:
        """Whether a living thread has items in its queue or in hand."""
        return bool(self._items or self._handling) and self._thread.is_alive()

    def put(self, *items: Item) -> bool:
        """Queue all of the items, or none if the queue is full, without waiting; return whether they were queued."""
        with self._changed:
            taken = not (self.full or self._ending or self._error)
            if taken:
                self._items.extend(items)
                self._changed.notify()
            else:
                self.lost += len(items)
        if not taken and self.full:
            self._log_once(self._slow)
        return taken

    def end(self, deadline: float) -> None:
        """Refuse new items, and let the thread end once the queue is empty; does not wait.

        Args:
            deadline: The time at which leaving stops waiting, by `time.monotonic`; the first call's counts.
        """
        with self._changed:
            self._deadline = self._deadline or deadline
            self._ending = True
            self._changed.notify()

    def _run(self) -> None:
        while self._take():
            try:
                self._handle(self._item)
            # Any error, so that the loop goes on or ends in order.
            except Exception as error:
                self.lost += 1
                if self._ends:
                    self._error, self._ends.requested = error, True
                else:
                    self._log_once(reason(error))
            finally:
                # An image is large: none is kept until the next one comes.
                del self._item
                self._handling = False
        if self._last:
            self._last()

    def _take(self) -> bool:
        """Wait for an item; return False at the end."""
        with self._changed:
            while not (self._items or self._ending or self._error):
                self._changed.wait()
            self._handling = bool(self._items) and not self._error
            if self._handling:
                self._item = self._items.popleft()
            return self._handling

    def _log_once(self, why: str) -> None:
        if not self._logged:
            self._logged = True
            logger.warning("%s are being lost: %s", self._what, why)


def reason(error: Exception) -> str:
    """Return why something failed in one line, with the name of the file if there is one."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def deaths_logged() -> Iterator[None]:
    """Log one line, beside the traceback, when a bug ends a thread while the block runs."""
    before = threading.excepthook

    def log(death: threading.ExceptHookArgs) -> None:
        name, bug = death.thread.name if death.thread else "a thread", death.exc_type.__name__
        logger.error("%s has ended, by a bug: %s: %s; start the camera again", name, bug, death.exc_value)
        before(death)

    threading.excepthook = log
    try:
        yield
    finally:
        threading.excepthook = before


class BackgroundSink:
    """A sink whose slow part a worker does while the sink is entered.

    Attributes:
        worker: The worker; the loop reads no file further while its queue is full.
    """

    worker: Worker[Any]

    def __enter__(self: Sink) -> Sink:
        """Start the worker."""
        self.worker.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        """Wait for the worker until the deadline."""
        self.end(time.monotonic() + END_SECONDS)
        self.worker.__exit__(*error)

    def end(self, deadline: float) -> None:
        """See `Worker.end`."""
        self.worker.end(deadline)
