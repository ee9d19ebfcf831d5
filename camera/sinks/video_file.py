"""One video file, which can be played even if the process is killed, and which notices a full disk."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.sinks.encoders import open_encoder
from mnist_edge.camera.sinks.saved_files import check_free_space
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2

# Narrower than 8 pixels, OpenCV 5.0 writes beyond its buffer in Motion JPEG; 16 is a block of either codec.
MIN_SIDE = 16
# A longer gap between two pictures is shortened to this: nobody watches the outage of a camera.
MAX_GAP_SECONDS = 10.0


class VideoFile:
    """A video that is being written at its true speed: a picture is repeated until the next one, or left out."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """Open the file.

        Args:
            path: Ends in a suffix of `encoders.SUFFIXES`; what is there is replaced.
            rate: Frames per second.
            size: Width and height in pixels, see `even_size`.
        """
        self.path = path
        self.bytes = 0
        self._rate, self._size = rate, size
        self._frames = 0
        self._picture: NDArray[np.uint8] | None = None
        self._seconds = self._elapsed = 0.0
        check_free_space(path.parent)
        self._encoder = open_encoder(path, rate, size)

    def show(self, picture: NDArray[np.uint8], seconds: float) -> None:
        """Repeat the last picture until now, then write this one.

        Args:
            picture: Shape (height, width, 3) or (height, width), uint8; scaled to the video's size.
            seconds: When it was taken, on any clock.

        Raises:
            OutputError: The disk is full, or the file is gone or does not grow.
        """
        if self._picture is not None:
            self._elapsed += min(max(seconds - self._seconds, 0.0), MAX_GAP_SECONDS)
        due = round(self._elapsed * self._rate)
        while self._picture is not None and self._frames < due:
            self._write(self._picture)
        self._picture, self._seconds = fit(picture, self._size), seconds
        if self._frames == due:
            self._write(self._picture)

    def close(self) -> None:
        """End the video."""
        self._encoder.close()

    def _write(self, picture: NDArray[np.uint8]) -> None:
        self._encoder.write(picture)
        self._frames += 1
        check_free_space(self.path.parent)
        try:
            self.bytes = self.path.stat().st_size
        except OSError as error:
            raise OutputError(f"{self.path} is gone: {error.strerror}") from None


def fit(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale a colour or grey picture to a width and height, padded with black where its proportions differ."""
    width, height = size
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture
    if colour.shape[:2] == (height, width):
        return np.asarray(colour, np.uint8)
    scale = min(width / colour.shape[1], height / colour.shape[0])
    inner = max(1, round(colour.shape[1] * scale)), max(1, round(colour.shape[0] * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(colour, inner, interpolation=cv2.INTER_AREA)
    return canvas


def even_size(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the width and height of a video of such pictures: even numbers, as the codecs need them."""
    height, width = (max(MIN_SIDE, side - side % 2) for side in picture.shape[:2])
    return width, height
