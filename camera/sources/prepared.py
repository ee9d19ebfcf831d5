"""A source whose frames are turned, mirrored and cropped before anybody sees them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.sources.geometry import Geometry

# A camera's clock is not that exact, and 29.97 is 30.
SAME_RATE = 0.1


class PreparedSource:
    """Another source, whose frames pass through a `Geometry`; tells once what differs from what was asked for."""

    def __init__(
        self,
        source: Source,
        geometry: Geometry,
        *,
        note: Callable[[str], None],
        size: tuple[int, int] | None = None,
        rate: float | None = None,
    ) -> None:
        """Keep what to do.

        Args:
            source: Delivers the frames; entered and left together with this one.
            geometry: What is done to each.
            note: Told when frames are not as they were asked for.
            size: The width and height that were asked for, before `geometry`.
            rate: The frames per second that were asked for.
        """
        self._source = source
        self._geometry = geometry
        self._note = note
        self._size = size
        self._rate = rate

    @property
    def name(self) -> str:
        """See `Source`."""
        return self._source.name

    @property
    def still(self) -> bool:
        """See `Source`."""
        return self._source.still

    @property
    def rate(self) -> float:
        """See `Source`."""
        return self._source.rate

    @property
    def dropped(self) -> int:
        """See `Source`."""
        return self._source.dropped

    @property
    def away(self) -> str:
        """See `Source`."""
        return self._source.away

    def __enter__(self) -> "PreparedSource":
        """Open the source; raises what that raises."""
        self._source.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Release the source."""
        self._source.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Frame | None]:
        first = True
        for frame in self._source:
            if frame is None:
                yield None
                continue
            if first:
                self._compare(frame)
                first = False
            image = self._geometry.apply(frame.image, self.name)
            yield frame if image is frame.image else replace(frame, image=image)

    def _compare(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        differing = []
        if self._size and self._size != (width, height):
            differing.append(f"{width}x{height} pixels instead of {self._size[0]}x{self._size[1]}")
        if self._rate and abs(self.rate - self._rate) > SAME_RATE * self._rate:
            differing.append(f"{self.rate:g} frames a second instead of {self._rate:g}")
        if differing:
            self._note(f"note: {self.name} delivers {' and '.join(differing)}")
