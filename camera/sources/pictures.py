"""Still images as a source."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.images import MAX_PIXELS, read_image
from mnist_edge.errors import ImageError, SourceError

logger = logging.getLogger(__name__)


class PictureSource:
    """Delivers image files, one frame each; in a recording each lasts a second.

    Attributes:
        info: See `Source`.
        dropped: Always 0.
        damaged: Files that could not be read.
        outage: Always empty.
    """

    dropped = 0
    outage = ""

    def __init__(self, name: str, paths: list[Path], max_pixels: int = MAX_PIXELS) -> None:
        """Take the files; one that is damaged or has more than `max_pixels` is skipped and logged."""
        self.info = SourceInfo(name, still=True, rate=1.0)
        self.damaged = 0
        self._paths = paths
        self._max_pixels = max_pixels
        self._frames: Iterator[Frame] = iter(())

    def __enter__(self) -> "PictureSource":
        """Read the first image.

        Raises:
            ImageError: It is the only one, and is damaged.
            SourceError: All are damaged.
        """
        frames = self._read()
        first = next(frames, None)
        if first is None:
            raise SourceError(f"none of the {len(self._paths)} pictures of {self.info.name} can be read")
        height, width = first.image.shape[:2]
        self.info = replace(self.info, size=(width, height))
        self._frames = chain([first], frames)
        return self

    def __exit__(self, *error: object) -> None:
        """Release nothing."""

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def _read(self) -> Iterator[Frame]:
        number = 0
        for path in self._paths:
            try:
                image = read_image(str(path), self._max_pixels)
            except ImageError as error:
                if len(self._paths) == 1:
                    raise
                self.damaged += 1
                logger.warning("%s; it is passed over", error)
                continue
            yield Frame(image, number, number / self.info.rate, str(path))
            number += 1
