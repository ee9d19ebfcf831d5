"""How fast the loop runs."""

import statistics
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Frames over which the shown rate is averaged.
WINDOW = 30


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of the loop did.

    Attributes:
        frames: That were read.
        dropped: That were not, since newer ones had come.
        seconds: From the start of the source to the end.
        median_ms: Time to read one frame, milliseconds.
    """

    frames: int
    dropped: int
    seconds: float
    median_ms: float

    def __str__(self) -> str:
        """One line for people."""
        if not self.frames:
            return "no frames"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        return (
            f"{frames} in {self.seconds:.1f} s ({self.frames / self.seconds:.1f} per second), "
            f"{self.dropped} dropped, {self.median_ms:.1f} ms to read one (median)"
        )


class Meter:
    """Counts frames and times their reading."""

    def __init__(self) -> None:
        """Start the clock."""
        self.frames = 0
        self._started = time.monotonic()
        self._recent: deque[float] = deque(maxlen=WINDOW)
        # The newest hours are enough for a median, and a camera may run for months.
        self._milliseconds: deque[float] = deque(maxlen=100_000)

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Count a frame, and time the block that reads it."""
        began = time.perf_counter()
        yield
        self.frames += 1
        self._milliseconds.append((time.perf_counter() - began) * 1000)
        self._recent.append(time.monotonic())

    @property
    def rate(self) -> float:
        """Frames per second of late; 0 before the second frame."""
        span = self._recent[-1] - self._recent[0] if self._recent else 0.0
        return (len(self._recent) - 1) / span if span > 0 else 0.0

    def summary(self, dropped: int) -> Summary:
        """What has happened until now."""
        median = statistics.median(self._milliseconds) if self._milliseconds else 0.0
        return Summary(self.frames, dropped, max(time.monotonic() - self._started, 1e-6), median)
