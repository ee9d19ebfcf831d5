"""Rates, latencies and counts of the camera's loop."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

# A rate is the mean over so long: it follows a change within a glance, and one late frame does not shake it.
WINDOW_SECONDS = 2.0
# A rate is 0 when nothing happened for so long; a longer pause is no slow camera.
STALE_SECONDS = 5.0
# Frames of which the median and the 99th percentile are taken: ten of them are beyond the latter.
RECENT = 1000
# Sorting the times for every frame would cost more than the rest of the loop.
PERCENTILES_EVERY_SECONDS = 1.0
# A duration that may be 0 on a coarse clock is divided by no less.
SHORTEST_SECONDS = 1e-6


class Rate:
    """Counts something, and how often it happened per second within the newest `WINDOW_SECONDS`.

    Attributes:
        total: How many times it happened.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.total = 0
        # Times, and the total at each.
        self._marks: deque[tuple[float, int]] = deque()

    def tick(self, count: int = 1, now: float | None = None) -> None:
        """Count that it happened `count` times since the last call; `now` is the time by `time.monotonic`."""
        now = time.monotonic() if now is None else now
        if self._marks and now - self._marks[-1][0] > STALE_SECONDS:
            self._marks.clear()
        self.total += count
        self._marks.append((now, self.total))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_SECONDS:
            self._marks.popleft()

    @property
    def per_second(self) -> float:
        """The mean rate; 0 before the second `tick` and after `STALE_SECONDS` without one."""
        # A copy: another thread may append.
        marks = tuple(self._marks)
        if len(marks) < 2 or time.monotonic() - marks[-1][0] > STALE_SECONDS:
            return 0.0
        (began, before), (ended, total) = marks[0], marks[-1]
        return (total - before) / max(ended - began, SHORTEST_SECONDS)


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of the loop. Times in milliseconds are of the newest `RECENT` frames.

    Attributes:
        frames: Frames that were read.
        dropped: Frames that were dropped for newer ones.
        damaged: Damaged frames that the source skipped.
        seconds: Time since the loop began.
        capture_fps: Frames per second that the source delivers, with those that are dropped.
        reading_fps: Frames per second that are read.
        display_fps: Frames per second that are shown in the window or sent to the web page.
        read_ms: Time to read a frame, median.
        read_p99_ms: Time to read a frame, 99th percentile.
        latency_ms: Time from a frame's capture until its events are delivered, median.
        latency_p99_ms: The same, 99th percentile.
        screen_ms: Time from a frame's capture until the window shows it, median; 0 without a window.
        screen_p99_ms: The same, 99th percentile.
    """

    frames: int = 0
    dropped: int = 0
    damaged: int = 0
    seconds: float = 0.0
    capture_fps: float = 0.0
    reading_fps: float = 0.0
    display_fps: float = 0.0
    read_ms: float = 0.0
    read_p99_ms: float = 0.0
    latency_ms: float = 0.0
    latency_p99_ms: float = 0.0
    screen_ms: float = 0.0
    screen_p99_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return all figures, rounded to thousandths."""
        return {name: round(value, 3) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        """Format the main figures in one line."""
        if not self.frames:
            return "no frames"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        return (
            f"{frames} in {self.seconds:.1f} s ({self.frames / self.seconds:.1f} per second), {self.dropped} dropped, "
            f"{self.read_ms:.1f} ms to read one (median), {self.latency_ms:.1f} ms from capture to event"
            + (f", {self.screen_ms:.1f} to the screen" if self.screen_ms else "")
        )


class Meter:
    """Counts and times what the loop does; any thread may read `stats`."""

    def __init__(self) -> None:
        """Start the clock."""
        self.reading = Rate()
        self.capture = Rate()
        self.display = Rate()
        self._dropped = self._damaged = 0
        self._last_number = -1
        self._started = time.monotonic()
        self._read_ms, self._latency_ms, self._screen_ms = (deque[float](maxlen=RECENT) for _ in range(3))
        self._percentiles: tuple[float, ...] = ()
        self._percentiles_due = 0.0

    @contextmanager
    def frame(self, number: int, captured: float, dropped: int, damaged: int = 0) -> Iterator[None]:
        """Count a frame, and time the block that reads it.

        Args:
            number: See `Frame`.
            captured: See `Frame`.
            dropped: Frames that the source has dropped so far.
            damaged: Damaged frames that the source has skipped so far.
        """
        self.capture.tick(max(number - self._last_number, 1), captured)
        self._last_number, self._dropped, self._damaged = number, dropped, damaged
        began = time.perf_counter()
        yield
        self._read_ms.append((time.perf_counter() - began) * 1000)
        self.reading.tick()

    def delivered(self, captured: float) -> None:
        """Note that the events of the frame that was captured at `captured` have been passed on."""
        self._latency_ms.append((time.monotonic() - captured) * 1000)

    def shown(self, captured: float) -> None:
        """Note that the frame that was captured at `captured` is on the screen."""
        self.display.tick()
        self._screen_ms.append((time.monotonic() - captured) * 1000)

    @property
    def stats(self) -> Stats:
        """The figures until now; percentiles are up to `PERCENTILES_EVERY_SECONDS` old."""
        now = time.monotonic()
        if now >= self._percentiles_due:
            timed = (self._read_ms, self._latency_ms, self._screen_ms)
            self._percentiles = tuple(value for times in timed for value in _median_and_p99(times))
            self._percentiles_due = now + PERCENTILES_EVERY_SECONDS
        return Stats(
            self.reading.total,
            self._dropped,
            self._damaged,
            max(now - self._started, SHORTEST_SECONDS),
            self.capture.per_second,
            self.reading.per_second,
            self.display.per_second,
            *self._percentiles,
        )

    def summary(self) -> Stats:
        """Return the figures until now, percentiles included."""
        self._percentiles_due = 0.0
        return self.stats


def _median_and_p99(times: deque[float]) -> tuple[float, float]:
    # A copy: another thread may append.
    ordered = sorted(tuple(times))
    # The nearest rank: of a few values, the largest.
    return (ordered[len(ordered) // 2], ordered[-1 - len(ordered) // 100]) if ordered else (0.0, 0.0)
