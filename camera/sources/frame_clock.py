"""When the frames of a source were taken."""

import math


class FrameClock:
    """The times of frames since the first, in seconds: by their stamps as long as these go on, else by the rate."""

    def __init__(self, step: float) -> None:
        """No frame has come yet; `step` is the time between two, in seconds, where their stamps do not tell it."""
        self._step = step
        self._first: float | None = None
        self._last = 0.0

    def seconds(self, stamp: float) -> float:
        """The time of the next frame, whose stamp is in seconds."""
        if self._first is None:
            self._first = stamp if math.isfinite(stamp) else 0.0
            return 0.0
        since = stamp - self._first
        self._last = since if self._last < since < math.inf else self._last + self._step
        return self._last
