"""The one kind of background thread: the camera's loop hands over what may be slow, and goes on."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from mnist_edge.camera.reasons import reason
from mnist_edge.camera.signals import Stop

# How long the end waits for what is queued, all sinks together: with releasing the camera the first Ctrl-C must end the
# process within 3 seconds, whatever is stuck.
END_SECONDS = 1.2

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
AnyWorker = TypeVar("AnyWorker", bound="Worker[Any]")
Sink = TypeVar("Sink", bound="BackgroundSink")


class Worker(Generic[Item]):
    """A thread that handles items one by one, in order, from a queue of limited length.

    Only leaving it waits for the thread, until a deadline at most. The thread is a daemon: one that is stuck in a disk
    or a pipe keeps no process from ending. What could not be handled is counted and logged, once when it begins and
    once, with the total, at the end.

    Attributes:
        lost: How many items were never handled.
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
        """Prepare; the thread starts when the worker is entered.

        Args:
            what: What the items are, in the plural, for messages and as the thread's name.
            handle: Called in the thread with each item.
            limit: Items that may wait.
            slow: Why items are lost where the queue is full, for messages.
            last: Called in the thread after the last item.
            ends: Requested where `handle` raises; leaving then raises the same. None: a failure is logged once, its
                item is lost, and the next one is tried.
            end_seconds: How long leaving waits, where `end` was not called before.
            silent: Keep losses out of the log, as where whoever waits for the result learns of them.
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
        """Wait until all is handled or the deadline has passed; raises what `handle` raised, where that ends all."""
        self.end(time.monotonic() + self._end_seconds)
        assert self._deadline is not None
        self._thread.join(max(self._deadline - time.monotonic(), 0))
        with self._changed:
            self.lost += len(self._items) + self._handling
            # Where the thread comes back after all, there is nothing left to do for it.
            self._items.clear()
        if self.lost and not self._error and not self._silent:
            logger.warning("%s lost: %d%s", self._what, self.lost, "" if self._logged else f"; {self._slow}")
        if self._error and self._ends and kind is None:
            raise self._error

    @property
    def full(self) -> bool:
        """Whether no more items may wait."""
        return len(self._items) >= self._limit

    @property
    def busy(self) -> bool:
        """Whether anything is waiting or being handled, by a thread that still can."""
        return bool(self._items or self._handling) and self._thread.is_alive()

    def put(self, *items: Item) -> bool:
        """Queue all of these items, or none where the queue is full; whether they were queued. Never waits."""
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
        """Queue nothing more, and have the thread end once all is handled; returns at once.

        Args:
            deadline: When leaving stops waiting for that, by `time.monotonic`; the first one given counts.
        """
        with self._changed:
            self._deadline = self._deadline or deadline
            self._ending = True
            self._changed.notify()

    def _run(self) -> None:
        while self._take():
            try:
                self._handle(self._item)
            # Whatever it is: the loop goes on, or ends in order.
            except Exception as error:
                self._fail(error)
            finally:
                # A picture is large: none is kept until the next one comes.
                del self._item
                self._handling = False
        if self._last:
            self._last()

    def _take(self) -> bool:
        """Wait for an item; whether there is one, or this is the end."""
        with self._changed:
            while not (self._items or self._ending or self._error):
                self._changed.wait()
            self._handling = bool(self._items) and not self._error
            if self._handling:
                self._item = self._items.popleft()
            return self._handling

    def _fail(self, error: Exception) -> None:
        self.lost += 1
        if self._ends:
            self._error, self._ends.requested = error, True
        else:
            self._log_once(reason(error))

    def _log_once(self, why: str) -> None:
        if not self._logged:
            self._logged = True
            logger.warning("%s are being lost: %s", self._what, why)


@contextmanager
def deaths_logged() -> Iterator[None]:
    """Log it, in one line beside the traceback, when any thread ends by a bug while the block runs."""
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
    """A sink whose slow part is done by a worker, from entering it to leaving it.

    Attributes:
        worker: It; give it to the loop, which lets files wait for it.
    """

    worker: Worker[Any]

    def __enter__(self: Sink) -> Sink:
        """Start the worker."""
        self.worker.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        """Wait for the worker, until the deadline at most."""
        self.end(time.monotonic() + END_SECONDS)
        self.worker.__exit__(*error)

    def end(self, deadline: float) -> None:
        """See `Worker.end`."""
        self.worker.end(deadline)
