"""Frames of a camera, a video file or a stream, read in a thread so that the loop cannot hang."""

import atexit
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.settings import MAX_RATE, MIN_RATE
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.capture import Capture
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2

# How often a wait checks for the request to stop, and lets the loop do other things.
POLL_SECONDS = 0.05
# OpenCV's own time-out comes first and knows more; this is for what it does not bound, such as a name look-up.
GRACE_SECONDS = 2.0
# How long leaving waits for a thread whose device delivers nothing; one that delivers gets the time of a slow frame.
STUCK_SECONDS = 0.4
CULPRITS = "its cable, power and network"
# Formats whose headers count the frames; in others OpenCV estimates the count from the duration.
COUNTED = {".mp4", ".m4v", ".mov", ".avi"}
# An edit list may leave out some of the counted frames; a file with fewer of them is cut short.
MIN_COUNTED_SHARE = 0.9

logger = logging.getLogger(__name__)


class VideoSource:
    """A camera, video file or stream.

    A thread opens, reads and releases the device. Of a live source only the newest frame is kept, since drivers and
    networks would otherwise deliver old ones; a file waits and loses nothing.

    Attributes:
        info: See `Source`; until the first frame the rate is 25, and what may be live is live.
        dropped: See `Source`.
        damaged: See `Source`.
        outage: Always empty: a lost source raises an error.
    """

    outage = ""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Capture],
        stop: Stop,
        live: bool | None,
        timeout_seconds: float,
        *,
        timed: bool = True,
    ) -> None:
        """Open nothing yet.

        Args:
            name: See `SourceInfo`.
            opener: Opens the device, in the thread; raises `SourceError`.
            stop: Ends the frames once it is requested.
            live: Whether frames that are not taken in time are dropped; None: unless the source knows its length.
            timeout_seconds: How long to wait for a frame.
            timed: See `SourceInfo`; a live source is never timed.
        """
        self.info = SourceInfo(name, live is not False, timed=timed)
        self.dropped = 0
        self.damaged = 0
        self._live = live
        self._opener = opener
        self._stop = stop
        self._timeout_seconds = timeout_seconds + GRACE_SECONDS
        self._changed = threading.Condition()
        self._waiting: Frame | None = None
        self._last_read = float("-inf")
        self._failure: Exception | None = None
        self._ended = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"frames of {name}", daemon=True)

    def __enter__(self) -> "VideoSource":
        """Open the device, and wait for the first frame.

        Raises:
            SourceError: The device does not open, or sends nothing.
        """
        self.start()
        deadline = time.monotonic() + self._timeout_seconds
        try:
            while not self._wait(deadline):
                pass
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Release the device; a thread that is stuck in a read is joined only when Python exits."""
        self.close()
        delivers = time.monotonic() - self._last_read < GRACE_SECONDS
        self._thread.join(GRACE_SECONDS if delivers else STUCK_SECONDS)
        if self.is_open:
            # A thread that returns from OpenCV while Python is shutting down would abort the process.
            atexit.register(self._thread.join, self._timeout_seconds)

    def start(self) -> None:
        """Start opening the device as entering does, but do not wait: the frames begin with None."""
        self._thread.start()

    def close(self) -> None:
        """Start releasing the device as leaving does, but do not wait: see `is_open`."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    @property
    def is_open(self) -> bool:
        """Whether the device is still open."""
        return self._thread.is_alive()

    def __iter__(self) -> Iterator[Frame | None]:
        # Frames that came before the loop began were not dropped by a slow loop.
        self.dropped = 0
        while True:
            # The time that the loop itself took, such as a pause, does not count against the source.
            deadline = time.monotonic() + self._timeout_seconds
            while not self._wait(deadline):
                yield None
            with self._changed:
                frame, self._waiting = self._waiting, None
                self._changed.notify_all()
            if frame is None or self._stop.requested:
                return
            yield frame

    def _wait(self, deadline: float) -> bool:
        """Wait a moment; return whether there is a frame now, or never will be."""
        with self._changed:
            if self._waiting is None and not self._ended and not self._stop.requested:
                if time.monotonic() > deadline:
                    raise SourceError(
                        f"{self.info.name} sent nothing for {self._timeout_seconds:.0f} s; check {CULPRITS}"
                    )
                self._changed.wait(POLL_SECONDS)
            if self._waiting is None and self._failure and not self._stop.requested:
                raise self._failure
            return self._waiting is not None or self._ended or self._stop.requested

    def _run(self) -> None:
        try:
            capture = self._opener()
            try:
                self._deliver(capture)
            finally:
                capture.release()
        except cv2.error as error:
            self._failure = SourceError(f"{self.info.name} failed in OpenCV ({str(error).strip().splitlines()[-1]})")
        # The loop that waits for a frame raises it, whatever it is.
        except Exception as error:
            self._failure = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _deliver(self, capture: Capture) -> None:
        counted = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        live = counted <= 0 if self._live is None else self._live
        rate = capture.get(cv2.CAP_PROP_FPS)
        # Streams and broken headers claim 0, NaN or 90000.
        rate = rate if MIN_RATE <= rate <= MAX_RATE else self.info.rate
        self.info = replace(self.info, live=live, timed=self.info.timed and not live, rate=rate)
        number, timeline, damaged_before = 0, _Timeline(1 / rate), self.damaged
        while not self._closing:
            there, image = capture.read()
            captured = self._last_read = time.monotonic()
            if capture.damaged and not self.damaged:
                logger.warning("%s has damaged pictures; they are passed over and counted", self.info.name)
            self.damaged = damaged_before + capture.damaged
            if not there:
                self._check_end(number, counted, live)
                return
            if number == 0:
                self.info = replace(self.info, size=image.shape[1::-1])
            seconds = timeline.seconds(captured if live else capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            self._offer(Frame(image, number, seconds, self.info.name, captured), live)
            number += 1

    def _offer(self, frame: Frame, live: bool) -> None:
        with self._changed:
            while not live and self._waiting is not None and not self._closing:
                self._changed.wait(POLL_SECONDS)
            self.dropped += self._waiting is not None and live
            self._waiting = frame
            self._changed.notify_all()

    def _check_end(self, number: int, counted: float, live: bool) -> None:
        if number == 0:
            raise SourceError(
                f"{self.info.name} opens but gives no picture; it is damaged, empty or in use by another program"
            )
        if live:
            raise SourceError(f"{self.info.name} stopped after {number} frames; check {CULPRITS}")
        if Path(self.info.name).suffix.lower() in COUNTED and number < MIN_COUNTED_SHARE * counted:
            raise SourceError(
                f"{self.info.name} ends after {number} of {counted:.0f} frames: it is cut short; copy it again"
            )


class _Timeline:
    """The times of frames since the first, in seconds: by their timestamps while these increase, else by the rate."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._first: float | None = None
        self._last = 0.0

    def seconds(self, timestamp: float) -> float:
        if self._first is None:
            self._first = timestamp if math.isfinite(timestamp) else 0.0
            return 0.0
        since = timestamp - self._first
        self._last = since if self._last < since < math.inf else self._last + self._step
        return self._last
