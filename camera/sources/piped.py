"""Frames on standard input: a stream of JPEG images, or raw frames."""

import io
import os
import sys
from typing import Any

import numpy as np

from mnist_edge.camera.images import ALLOW, MAX_PIXELS, decode_image
from mnist_edge.camera.sources.jpegs import START, JpegCutter
from mnist_edge.errors import ImageError, SourceError
from mnist_edge.opencv import cv2

NAME = "standard input"
# The default size of a pipe's buffer on Linux.
CHUNK_BYTES = 1 << 16
# The longest that an image may be, with the bytes before it: few of 200 megapixels are longer.
MAX_BYTES = 64 << 20
# So many damaged images in a row, four seconds of video, are no stream of images.
MAX_DAMAGED = 100
ADVICE = "pipe MJPEG into it, such as: ffmpeg -i VIDEO -f mjpeg - | mnist-edge camera --source -"
RAW_ADVICE = "or raw BGR frames with --resolution WxH"


class PipeCapture:
    """Frames from a file descriptor, as a `Capture`.

    A stream that begins with a JPEG is one of JPEGs; any other holds raw frames if their size is given.

    Attributes:
        damaged: See `Capture`.
    """

    def __init__(
        self, descriptor: int, size: tuple[int, int] | None, rate: float | None, max_pixels: int = MAX_PIXELS
    ) -> None:
        """Take the descriptor, which stays open.

        Args:
            descriptor: Of a pipe or a file.
            size: Width and height of raw frames, in pixels.
            rate: Frames per second, if known.
            max_pixels: A JPEG that has more counts as damaged.
        """
        # Unbuffered: a thread that waits in a buffered read holds its lock while the interpreter exits.
        self._file = io.FileIO(descriptor, closefd=False)
        self._size = size
        self._rate = rate or 0.0
        self._max_pixels = max_pixels
        self.damaged = 0
        self._delivered = 0
        self._cutter: JpegCutter | None = None
        self._head = b""

    def read(self) -> tuple[bool, Any]:
        """See `Capture`.

        Raises:
            SourceError: The stream holds neither JPEGs nor raw frames.
        """
        if not self._head:
            self._detect_kind()
        image = self._next_raw() if self._cutter is None else self._next_jpeg(self._cutter)
        self._delivered += image is not None
        return image is not None, image

    def get(self, property: int) -> float:
        """See `Capture`."""
        return self._rate if property == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        """Do nothing: standard input belongs to the process and stays open."""

    def _detect_kind(self) -> None:
        """Recognise the kind of the stream by its first bytes."""
        while len(self._head) < len(START) and (chunk := self._file.read(len(START) - len(self._head))):
            self._head += chunk
        if not self._head:
            raise SourceError(f"{NAME} is empty; {ADVICE}")
        if self._head == START or not self._size:
            self._cutter = JpegCutter()
            self._cutter.feed(self._head)

    def _next_raw(self) -> Any:
        assert self._size
        frame = np.empty((self._size[1], self._size[0], 3), np.uint8)
        view = frame.data.cast("B")
        filled = 0
        if not self._delivered:
            filled = len(self._head)
            view[:filled] = self._head
        while filled < len(view) and (count := self._file.readinto(view[filled:])):
            filled += count
        if filled == len(view):
            return frame
        if not self._delivered:
            raise SourceError(
                f"{NAME} ends after {filled} bytes, and one raw BGR frame of {self._size[0]}x{self._size[1]} has "
                f"{len(view)}; check --resolution"
            )
        return None

    def _next_jpeg(self, cutter: JpegCutter) -> Any:
        damaged, reason = 0, ""
        while damaged < MAX_DAMAGED and (encoded := self._next_encoded(cutter)) is not None:
            try:
                return decode_image(encoded, "the last", self._max_pixels, ALLOW)
            except ImageError as error:
                damaged, reason = damaged + 1, f" ({error})"
                self.damaged += 1
        if damaged == MAX_DAMAGED or not self._delivered:
            raise SourceError(f"{NAME} holds no JPEG picture that can be read{reason}; {ADVICE}, {RAW_ADVICE}")
        return None

    def _next_encoded(self, cutter: JpegCutter) -> bytes | None:
        fed = 0
        while (encoded := cutter.cut()) is None:
            chunk = self._file.read(CHUNK_BYTES)
            if not chunk:
                return None
            cutter.feed(chunk)
            fed += len(chunk)
            if fed > MAX_BYTES:
                raise SourceError(f"{NAME} holds no JPEG picture in {fed >> 20} MB; {ADVICE}, {RAW_ADVICE}")
        return encoded


def open_stdin(size: tuple[int, int] | None, rate: float | None, max_pixels: int = MAX_PIXELS) -> PipeCapture:
    """Open standard input; the arguments are those of `PipeCapture`.

    Raises:
        SourceError: It is closed, or a terminal.
    """
    try:
        descriptor = sys.stdin.fileno()
        if os.isatty(descriptor):
            raise SourceError(f"{NAME} is a terminal; {ADVICE}")
        return PipeCapture(descriptor, size, rate, max_pixels)
    except (AttributeError, ValueError, OSError):
        raise SourceError(f"{NAME} is closed or no stream; {ADVICE}") from None
