"""A camera or stream that comes back after a fault."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.video import CULPRITS, POLL_SECONDS, VideoSource
from mnist_edge.errors import SourceError

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# A camera that is lost again sooner goes on with the longer delays: it might come and go for ever.
STEADY_SECONDS = 10.0

logger = logging.getLogger(__name__)


def back_off() -> Iterator[float]:
    """How long to wait before each attempt, in seconds: twice as long each time, up to half a minute."""
    delay = FIRST_DELAY_SECONDS
    while True:
        yield delay
        delay = min(2 * delay, LONGEST_DELAY_SECONDS)


class RetryingSource:
    """A live source that is opened anew when it is lost, while the loop lives on; a file is left as it is.

    A loss and a return are logged once each. Frames are numbered, and timed, as if nothing had happened.

    Attributes:
        outage: See `Source`.
    """

    def __init__(
        self,
        make: Callable[[], VideoSource],
        stop: Stop,
        *,
        max_retries: int | None = None,
        delays: Callable[[], Iterator[float]] = back_off,
    ) -> None:
        """Keep what to open.

        Args:
            make: Makes the source, once for each attempt.
            stop: Ends the frames once it is requested, and the waiting too.
            max_retries: After so many attempts in vain the loss is an error; None for never.
            delays: Seconds before each attempt, without end.
        """
        self.outage = ""
        self._make = make
        self._source = make()
        self._stop = stop
        self._max_retries = max_retries
        self._back_off = delays
        self._delays = delays()
        self._dropped_before = 0
        self._next_number = 0
        self._began = 0.0
        self._lost = self._returned = self._seen = time.monotonic()
        self._reason = ""
        self._in_vain = 0

    @property
    def info(self) -> SourceInfo:
        """See `Source`; during an outage, what it was before."""
        return self._source.info

    @property
    def dropped(self) -> int:
        """See `Source`; what nobody could see during an outage is not counted."""
        return self._dropped_before + self._source.dropped

    def __enter__(self) -> "RetryingSource":
        """Open it; what does not open the first time is an error at once."""
        self._source.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Release the device."""
        self._source.__exit__()

    def __iter__(self) -> Iterator[Frame | None]:
        while True:
            try:
                if self.outage:
                    self._open_again()
                yield from self._frames()
                return
            except SourceError as error:
                if not self.info.live:
                    raise
                delay = self._lose(error)
            yield from self._pause(delay)
            if self._stop.requested:
                return

    def _frames(self) -> Iterator[Frame | None]:
        """The frames of this opening, numbered on from those before."""
        first_number = self._next_number
        for frame in self._source:
            if frame is None:
                yield None
                continue
            if self.outage:
                self._return(frame)
            self._seen = frame.captured
            yield self._continued(frame, first_number)

    def _continued(self, frame: Frame, first_number: int) -> Frame:
        self._next_number = first_number + frame.number + 1
        if first_number == 0:
            self._began = frame.captured - frame.seconds
            return frame
        return replace(frame, number=first_number + frame.number, seconds=frame.captured - self._began)

    def _lose(self, error: SourceError) -> float:
        """Let the device go; how long to wait before the next attempt."""
        self._source.let_go()
        self._in_vain += bool(self.outage)
        if self._max_retries is not None and self._in_vain >= self._max_retries:
            raise SourceError(f"{error}; given up after {self._in_vain} attempts") from None
        if not self.outage:
            self._lost = time.monotonic()
            logger.warning("%s; trying again", error)
            if self._seen - self._returned > STEADY_SECONDS:
                self._delays = self._back_off()
        delay = next(self._delays)
        due = time.strftime("%H:%M:%S", time.localtime(time.time() + delay))
        self._reason = str(error)
        self.outage = f"{error}; next attempt at {due}"
        return delay

    def _return(self, frame: Frame) -> None:
        logger.info("%s is back after %.1f s", self.info.name, frame.captured - self._lost)
        self._returned = frame.captured
        self.outage = ""
        self._in_vain = 0

    def _pause(self, seconds: float) -> Iterator[None]:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stop.requested:
            time.sleep(POLL_SECONDS)
            yield None

    def _open_again(self) -> None:
        # A thread that is stuck holds the device; one more with each attempt would be hundreds after a night.
        if self._source.busy:
            raise SourceError(f"{self.info.name} is stuck; check {CULPRITS}, or start again")
        self.outage = f"{self._reason}; trying again now"
        self._dropped_before = self.dropped
        info = self.info
        self._source = self._make()
        self._source.info = info
        self._source.begin()
