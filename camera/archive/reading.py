"""What each process of an archive reads with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.camera.archive.results import LAST
from mnist_edge.camera.archive.row import Read
from mnist_edge.camera.archive.storage import read_any_video, read_picture
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.video_files import EVERY_SECONDS, has_video_name
from mnist_edge.opencv import cv2


@dataclass(frozen=True, slots=True)
class OpenReader:
    """Opens a reader; called in each process.

    Attributes:
        how: Keyword arguments of `Reader`, with the model.
        max_pixels: As for `read_image`.
        every_s: As for `read_video`.
    """

    how: Mapping[str, Any]
    max_pixels: int
    every_s: float = EVERY_SECONDS

    def __call__(self) -> tuple[str, Read]:
        """Load the networks; returns the model's name, and what reads one picture or video."""
        # Each core has a process already.
        cv2.setNumThreads(1)
        reader = Reader(**self.how)

        def read(source: str) -> Iterator[dict[str, Any] | None]:
            if has_video_name(source):
                yield from self._documents(reader, source)
                return
            with native_stderr.silenced():
                frame = read_picture(source, self.max_pixels)
            yield reader.read(frame, source).to_json()

        return reader.model, read

    def _documents(self, reader: Reader, source: str) -> Iterator[dict[str, Any] | None]:
        """The documents of a video, of which the last says so: until then, its rows are not all of them."""
        held: dict[str, Any] | None = None
        for reading in read_any_video(reader, source, self.every_s, self.max_pixels):
            if reading is None:
                yield None
                continue
            yield held
            held = reading.to_json() | {LAST: False}
        if held:
            yield held | {LAST: True}
