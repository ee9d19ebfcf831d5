"""A camera or stream that is opened again after it is lost."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.video import CULPRITS, POLL_SECONDS, VideoSource
from mnist_edge.errors import SourceError

# A plug that slips or a router that restarts is found within a second; half a minute costs a camera that is off little.
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# A camera that is lost again sooner keeps its longer delays: it may come and go for ever.
STEADY_SECONDS = 10.0

logger = logging.getLogger(__name__)


def back_off() -> Iterator[float]:
    """Yield the delay before each attempt in seconds: exponential back-off up to half a minute."""
    delay = FIRST_DELAY_SECONDS
    while True:
        yield delay
        delay = min(2 * delay, LONGEST_DELAY_SECONDS)


class RetryingSource:
    """Opens a live source again whenever it is lost, while the loop goes on; a file that ends is not opened again.

    A loss and a return are logged once each. Numbers and times of frames go on after an outage.

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
        """Open nothing yet.

        Args:
            make: Makes the source, once for each attempt.
            stop: Ends the frames and the delays once it is requested.
            max_retries: After so many failed attempts in a row the loss is an error; None for never.
            delays: Makes the endless series of seconds before each attempt.
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
        self._lost = self._returned = self._last_frame = time.monotonic()
        self._reason = ""
        self._failed_attempts = 0

    @property
    def info(self) -> SourceInfo:
        """See `Source`; during an outage what it was before."""
        return self._source.info

    @property
    def dropped(self) -> int:
        """See `Source`."""
        return self._dropped_before + self._source.dropped

    @property
    def damaged(self) -> int:
        """See `Source`."""
        return self._source.damaged

    def __enter__(self) -> "RetryingSource":
        """Open the source.

        Raises:
            SourceError: The first attempt fails, as a wrong name would fail for ever.
        """
        self._source.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Release the device."""
        self._source.__exit__(*error)

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
            until = time.monotonic() + delay
            while time.monotonic() < until and not self._stop.requested:
                time.sleep(POLL_SECONDS)
                yield None
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
            self._last_frame = frame.captured
            self._next_number = first_number + frame.number + 1
            if first_number == 0:
                self._began = frame.captured - frame.seconds
                yield frame
            else:
                yield replace(frame, number=first_number + frame.number, seconds=frame.captured - self._began)

    def _lose(self, error: SourceError) -> float:
        """Release the device; return the seconds to wait before the next attempt."""
        self._source.close()
        self._failed_attempts += bool(self.outage)
        if self._max_retries is not None and self._failed_attempts >= self._max_retries:
            raise SourceError(f"{error}; given up after {self._failed_attempts} attempts") from None
        if not self.outage:
            self._lost = time.monotonic()
            logger.warning("%s; trying again", error)
            if self._last_frame - self._returned > STEADY_SECONDS:
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
        self._failed_attempts = 0

    def _open_again(self) -> None:
        # A stuck thread holds the device; one more with each attempt would be hundreds after a night.
        if self._source.is_open:
            raise SourceError(f"{self.info.name} is stuck; check {CULPRITS}, or start again")
        self.outage = f"{self._reason}; trying again now"
        self._dropped_before = self.dropped
        info, damaged = self.info, self.damaged
        self._source = self._make()
        self._source.info, self._source.damaged = info, damaged
        self._source.start()
