"""One frame, and what everything that delivers frames agrees on."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        image: Shape (height, width, 3), uint8, BGR.
        number: 0 for the first that the source delivered; dropped frames count.
        seconds: Since the source's first frame: by the clock where it is live, by its frame rate where it is a file.
        source: The file's path or the camera's name.
        captured: When it came from the device, by `time.monotonic`.
    """

    image: NDArray[np.uint8]
    number: int
    seconds: float
    source: str
    captured: float = field(default_factory=time.monotonic)


class Source(Protocol):
    """Delivers frames; entering it opens the device, leaving it releases the device."""

    @property
    def name(self) -> str:
        """What to call it in messages; holds no password."""

    @property
    def still(self) -> bool:
        """Whether each frame is a page of its own rather than the next moment of the same scene."""

    @property
    def rate(self) -> float:
        """Frames per second that it means to deliver; known from the first frame on."""

    @property
    def dropped(self) -> int:
        """Frames that came while the one before was still being read."""

    @property
    def away(self) -> str:
        """Why no frames come at the moment, one line; empty where they do."""

    def __enter__(self) -> "Source":
        """Open; raises `SourceError` where that fails."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the device."""

    def __iter__(self) -> Iterator[Frame | None]:
        """The frames, until the source ends or is told to stop; None now and then while there is none.

        Raises `SourceError` when it fails for good.
        """


class ArraySource:
    """Frames from arrays in memory, or from any generator of arrays: a fake camera, or one of your own.

    Attributes:
        name: See `Source`.
        still: See `Source`.
        rate: See `Source`.
        dropped: Always 0.
        away: Always empty.
    """

    def __init__(
        self, images: Iterable[NDArray[np.uint8]], *, name: str = "arrays", still: bool = False, rate: float = 25.0
    ) -> None:
        """Keep what to deliver; each image as in `Frame`."""
        self.images = images
        self.name = name
        self.still = still
        self.rate = rate
        self.dropped = 0
        self.away = ""

    def __enter__(self) -> "ArraySource":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __iter__(self) -> Iterator[Frame]:
        for number, image in enumerate(self.images):
            yield Frame(image, number, number / self.rate, self.name)
