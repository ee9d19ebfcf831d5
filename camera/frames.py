"""Frames, and the interface of the sources that deliver them."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image of a source.

    Attributes:
        image: Shape (height, width, 3), uint8, BGR.
        number: Counts from 0, dropped frames included.
        seconds: Time since the source's first frame: by the clock where the source is live, else by the file's
            timestamps, or by its rate where it has none.
        source: The file's path or the camera's name.
        captured: When the device delivered it, by `time.monotonic`.
    """

    image: NDArray[np.uint8]
    number: int
    seconds: float
    source: str
    captured: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The properties of a source.

    Attributes:
        name: Name for messages; holds no password.
        live: Whether frames come by the clock: one that is not taken in time is dropped for a newer one.
        still: Whether each frame is an image of its own rather than the next moment of the same scene.
        timed: Whether frames are to be watched at their own speed: a video file.
        rate: Nominal frames per second.
        size: Width and height of the first frame in pixels, before it is turned or cropped; None where unknown.
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
        """Its properties; complete once the source is entered."""

    @property
    def dropped(self) -> int:
        """Frames that were dropped, as the frame before was still being read."""

    @property
    def damaged(self) -> int:
        """Damaged frames that were skipped."""

    @property
    def outage(self) -> str:
        """Why no frames come at the moment, one line; empty while they come."""

    def __enter__(self) -> "Source":
        """Open the device; raises `SourceError` where that fails."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the device."""

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield the frames until the source ends or is stopped, and None now and then while there is none.

        Raises `SourceError` when the source fails for good.
        """


class ArraySource:
    """Frames from an iterable of arrays: a fake camera, or one of your own.

    Attributes:
        info: See `Source`.
        dropped: Always 0.
        damaged: Always 0.
        outage: Always empty.
    """

    dropped = 0
    damaged = 0
    outage = ""

    def __init__(
        self,
        images: Iterable[NDArray[np.uint8]],
        *,
        name: str = "arrays",
        live: bool = False,
        still: bool = False,
        rate: float = 25.0,
    ) -> None:
        """Take the images, each as in `Frame`; the other arguments are those of `SourceInfo`."""
        self.images = images
        self.info = SourceInfo(name, live, still, rate=rate)

    def __enter__(self) -> "ArraySource":
        return self

    def __exit__(self, *error: object) -> None:
        """Release nothing."""

    def __iter__(self) -> Iterator[Frame]:
        for number, image in enumerate(self.images):
            yield Frame(image, number, number / self.info.rate, self.info.name)
