"""How fast the loop runs, and how old its news are."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

# A rate is the mean over so long.
WINDOW_SECONDS = 2.0
# It is forgotten when nothing happened for so long.
STALE_SECONDS = 5.0
# Times of which a median and a 99th percentile are taken: the newest half minute or so.
RECENT = 1000


class Rate:
    """How often something happens, of late: how many times, divided by the time that they took.

    Attributes:
        total: How many times it happened.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.total = 0
        # When it had happened how many times.
        self._marks: deque[tuple[float, int]] = deque()

    def tick(self, count: int = 1, now: float | None = None) -> None:
        """It happened `count` times since the last call, the last time at `now`, by `time.monotonic`."""
        now = time.monotonic() if now is None else now
        if self._marks and now - self._marks[-1][0] > STALE_SECONDS:
            self._marks.clear()
        self.total += count
        self._marks.append((now, self.total))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_SECONDS:
            self._marks.popleft()

    @property
    def per_second(self) -> float:
        """Mean of late; 0 before the second call of `tick`, and when nothing happened for a while."""
        marks = tuple(self._marks)
        if len(marks) < 2 or time.monotonic() - marks[-1][0] > STALE_SECONDS:
            return 0.0
        (began, before), (ended, total) = marks[0], marks[-1]
        return (total - before) / max(ended - began, 1e-6)


@dataclass(frozen=True, slots=True)
class Stats:
    """How the loop does. Times in milliseconds are of the newest thousand frames or events.

    Attributes:
        frames: That were read.
        dropped: That were not, since newer ones had come.
        seconds: Since the loop began.
        capture_fps: Frames per second that the source delivers, dropped ones included.
        reading_fps: Frames per second that are read.
        display_fps: Pictures per second that are shown in the window or sent to the web page.
        read_ms: To read a frame: its median.
        read_p99_ms: Its 99th percentile.
        latency_ms: From a frame's capture until its events were delivered: the median.
        latency_p99_ms: Its 99th percentile.
        screen_ms: From a frame's capture until it was on the screen, in the window: the median; 0 without a window.
        screen_p99_ms: Its 99th percentile.
    """

    frames: int = 0
    dropped: int = 0
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
        """All of them, rounded to thousandths."""
        return {name: round(value, 3) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        """One line for people."""
        if not self.frames:
            return "no frames"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        return (
            f"{frames} in {self.seconds:.1f} s ({self.frames / self.seconds:.1f} per second), {self.dropped} dropped, "
            f"{self.read_ms:.1f} ms to read one (median), {self.latency_ms:.1f} ms from capture to event"
            + (f", {self.screen_ms:.1f} to the screen" if self.screen_ms else "")
        )


class Meter:
    """Counts and times what the loop does. Others read `stats` from their own threads."""

    def __init__(self) -> None:
        """Start the clock."""
        self.reading = Rate()
        self.capture = Rate()
        self.display = Rate()
        self._dropped = 0
        self._last_number = -1
        self._started = time.monotonic()
        self._read_ms: deque[float] = deque(maxlen=RECENT)
        self._latency_ms: deque[float] = deque(maxlen=RECENT)
        self._screen_ms: deque[float] = deque(maxlen=RECENT)
        self._percentiles: tuple[float, ...] = (0.0,) * 6
        self._percentiles_due = 0.0

    @contextmanager
    def frame(self, number: int, captured: float, dropped: int) -> Iterator[None]:
        """Count a frame, and time the block that reads it.

        Args:
            number: See `Frame`.
            captured: See `Frame`.
            dropped: By the source, until now.
        """
        self.capture.tick(max(number - self._last_number, 1), captured)
        self._last_number, self._dropped = number, dropped
        began = time.perf_counter()
        yield
        self._read_ms.append((time.perf_counter() - began) * 1000)
        self.reading.tick()

    def told(self, captured: float) -> None:
        """What was read in a frame has been passed on; `captured` as in `Frame`."""
        self._latency_ms.append((time.monotonic() - captured) * 1000)

    def shown(self, captured: float) -> None:
        """A frame is on the screen now; `captured` as in `Frame`."""
        self.display.tick()
        self._screen_ms.append((time.monotonic() - captured) * 1000)

    @property
    def stats(self) -> Stats:
        """What has happened until now."""
        now = time.monotonic()
        # Sorting a thousand times for every frame would cost more than the rest of the loop.
        if now >= self._percentiles_due:
            timed = (self._read_ms, self._latency_ms, self._screen_ms)
            self._percentiles = tuple(value for times in timed for value in _median_and_p99(times))
            self._percentiles_due = now + 1.0
        return Stats(
            self.reading.total,
            self._dropped,
            max(now - self._started, 1e-6),
            self.capture.per_second,
            self.reading.per_second,
            self.display.per_second,
            *self._percentiles,
        )

    def summary(self) -> Stats:
        """The same, up to this moment."""
        self._percentiles_due = 0.0
        return self.stats


def _median_and_p99(values: Sequence[float]) -> tuple[float, float]:
    # A copy first: another thread may add to them.
    ordered = sorted(tuple(values))
    # The nearest rank: of a few values, the largest.
    return (ordered[len(ordered) // 2], ordered[-1 - len(ordered) // 100]) if ordered else (0.0, 0.0)
