"""A fake camera: generated handwriting, for demonstrations and tests."""

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.fake.film import Film
from mnist_edge.camera.sources.fake.motion import CameraShake
from mnist_edge.handwriting import write_digit
from mnist_edge.reading import Digit
from mnist_edge.strokes import Stroke

# A wait for the next frame checks this often whether to stop.
POLL_SECONDS = 0.1


class FakeSource:
    """Sheets with digits of our own handwriting, in a moving hand, whose truth is known.

    A frame is drawn from its number, so that live frames that are skipped cost nothing.

    Attributes:
        info: See `Source`.
        dropped: See `Source`.
        damaged: Always 0.
        outage: Always empty.
    """

    damaged = 0
    outage = ""

    def __init__(
        self,
        stop: Stop,
        *,
        width: int = 640,
        height: int = 480,
        rate: float = 25.0,
        seed: int = 0,
        seconds: float | None = None,
        live: bool = True,
    ) -> None:
        """Fix what will be seen.

        Args:
            stop: Ends the frames once it is requested.
            width: Of a frame, pixels.
            height: Of a frame, pixels.
            rate: Frames per second.
            seed: The same seed gives the same frames.
            seconds: After which it ends; None: never.
            live: Whether to deliver frames by the clock, rather than as fast as they are taken.
        """
        self.info = SourceInfo("fake", live, rate=rate, size=(width, height))
        self.dropped = 0
        self._stop = stop
        self._frames = None if seconds is None else round(seconds * rate)
        self._film = Film(_glyph, width, height, rate, seed, CameraShake())

    def truth(self, number: int) -> tuple[Digit, ...]:
        """The digits that are wholly in frame `number`, confidence 1."""
        return self._film.truth(number)

    def picture(self, number: int) -> NDArray[np.uint8]:
        """What frame `number` shows."""
        return self._film.frame(number)

    def __enter__(self) -> "FakeSource":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __iter__(self) -> Iterator[Frame | None]:
        self.dropped = 0
        began, number, rate = time.monotonic(), 0, self.info.rate
        while not self._stop.requested:
            if self.info.live:
                newest = int((time.monotonic() - began) * rate)
                if newest < number:
                    yield from self._wait(began + number / rate)
                    continue
                # The last one is not dropped, however late it is taken.
                newest = newest if self._frames is None else min(newest, max(self._frames - 1, number))
                self.dropped, number = self.dropped + newest - number, newest
            if self._frames is not None and number >= self._frames:
                return
            captured = began + number / rate if self.info.live else time.monotonic()
            yield Frame(self._film.frame(number), number, number / rate, self.info.name, captured)
            number += 1

    def _wait(self, until: float) -> Iterator[None]:
        """Sleep, and give None now and then."""
        while (rest := until - time.monotonic()) > 0 and not self._stop.requested:
            time.sleep(min(rest, POLL_SECONDS))
            if rest > POLL_SECONDS:
                yield None


def _glyph(rng: np.random.Generator) -> tuple[int, list[Stroke]]:
    label = int(rng.integers(10))
    return label, write_digit(label, rng)
