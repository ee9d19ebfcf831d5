"""What each process of an archive reads with."""

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
        model: As for `Reader`, and so are the next three.
        runtime: What runs it.
        threads: CPU threads for one invoke.
        min_confidence: Least probability of a digit, 0 to 1.
        max_pixels: As for `read_image`.
    """

    model: str
    runtime: str | None
    threads: int
    min_confidence: float
    max_pixels: int

    def __call__(self) -> tuple[str, Read]:
        """Load the model; returns its name, and what reads one picture."""
        # Each core has a process already.
        cv2.setNumThreads(1)
        reader = Reader(self.model, runtime=self.runtime, threads=self.threads, min_confidence=self.min_confidence)

        def read(source: str) -> dict[str, Any]:
            with native_stderr.silenced():
                frame = read_image(source, self.max_pixels)
            return reader.read(frame, source).to_json()

        return reader.model, read
