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
        seconds: Since the source's first frame: by the clock where it is live, else by the file's own time stamps, or
            by its rate where there are none.
        source: The file's path or the camera's name.
        captured: When it came from the device, by `time.monotonic`.
    """

    image: NDArray[np.uint8]
    number: int
    seconds: float
    source: str
    captured: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source is. Sources that wrap others pass it on whole.

    Attributes:
        name: What to call it in messages; holds no password.
        live: Whether it goes on by the clock: a frame that is not taken in time is dropped for a newer one.
        still: Whether each frame is a page of its own rather than the next moment of the same scene.
        timed: Whether who watches wants to see each frame for as long as its time says: a video file.
        rate: Frames per second that it means to deliver.
        size: Width and height of its first frame in pixels, before anything is done to it; None where unknown.
    """

    name: str
    live: bool = False
    still: bool = False
    timed: bool = False
    rate: float = 25.0
    size: tuple[int, int] | None = None


class Source(Protocol):
    """Delivers frames; entering it opens the device, leaving it releases the device."""

    @property
    def info(self) -> SourceInfo:
        """What it is; complete once the source is entered, until then as far as it is known."""

    @property
    def dropped(self) -> int:
        """Frames that came while the one before was still being read."""

    @property
    def outage(self) -> str:
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
        info: See `Source`.
        dropped: Always 0.
        outage: Always empty.
    """

    def __init__(
        self,
        images: Iterable[NDArray[np.uint8]],
        *,
        name: str = "arrays",
        live: bool = False,
        still: bool = False,
        rate: float = 25.0,
    ) -> None:
        """Keep what to deliver, each image as in `Frame`; what it is as in `SourceInfo`."""
        self.images = images
        self.info = SourceInfo(name, live, still, rate=rate)
        self.dropped = 0
        self.outage = ""

    def __enter__(self) -> "ArraySource":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __iter__(self) -> Iterator[Frame]:
        for number, image in enumerate(self.images):
            yield Frame(image, number, number / self.info.rate, self.info.name)
