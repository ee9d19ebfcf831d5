"""What each process of an archive reads with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.camera.archive.workers import Read
from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader import Reader
from mnist_edge.opencv import cv2


@dataclass(frozen=True, slots=True)
class OpenReader:
    """Opens a reader; called in each process.

    Attributes:
        how: Keyword arguments of `Reader`, with the model.
        max_pixels: As for `read_image`.
    """

    how: Mapping[str, Any]
    max_pixels: int

    def __call__(self) -> tuple[str, Read]:
        """Load the networks; returns the model's name, and what reads one picture."""
        # Each core has a process already.
        cv2.setNumThreads(1)
        reader = Reader(**self.how)

        def read(source: str) -> dict[str, Any]:
            with native_stderr.silenced():
                frame = read_image(source, self.max_pixels)
            return reader.read(frame, source).to_json()

        return reader.model, read
