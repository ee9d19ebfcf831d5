"""Frames on standard input: a stream of JPEG pictures, or raw frames."""

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
PIECE_BYTES = 1 << 16
# The longest that a picture may be, with what stands before it; 200 megapixels are seldom more.
MAX_BYTES = 64 << 20
# Damaged pictures in a row that are passed over.
MAX_BROKEN = 100
ADVICE = "pipe MJPEG into it, such as: ffmpeg -i VIDEO -f mjpeg - | mnist-edge camera --source -"
RAW_ADVICE = "or raw BGR frames with --resolution WxH"


class PipeCapture:
    """Frames from a file descriptor, with the interface of `Capture`.

    A stream that begins with a JPEG is one of JPEGs; any other holds raw frames where their size is known.
    """

    def __init__(
        self, descriptor: int, size: tuple[int, int] | None, rate: float | None, max_pixels: int = MAX_PIXELS
    ) -> None:
        """Keep what to read; it stays open.

        Args:
            descriptor: Of a pipe or a file.
            size: Width and height of raw frames, in pixels.
            rate: Frames per second, where that is known.
            max_pixels: A JPEG that has more counts as damaged.
        """
        # Without a buffer: a thread that waits in one would hold its lock when the interpreter ends.
        self._file = io.FileIO(descriptor, closefd=False)
        self._size = size
        self._rate = rate or 0.0
        self._max_pixels = max_pixels
        self._delivered = 0
        self._cutter: JpegCutter | None = None
        self._head = b""

    def read(self) -> tuple[bool, Any]:
        """See `Capture`.

        Raises:
            SourceError: What comes is neither.
        """
        if not self._head:
            self._look()
        image = self._next_raw() if self._cutter is None else self._next_jpeg(self._cutter)
        self._delivered += image is not None
        return image is not None, image

    def get(self, property: int) -> float:
        """See `Capture`."""
        return self._rate if property == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        """Standard input belongs to the whole process and stays open."""

    def _look(self) -> None:
        """See from the first bytes what follows."""
        while len(self._head) < len(START) and (piece := self._file.read(len(START) - len(self._head))):
            self._head += piece
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
        broken, reason = 0, ""
        while broken < MAX_BROKEN and (picture := self._next_picture(cutter)) is not None:
            try:
                return decode_image(picture, "the last", self._max_pixels, ALLOW)
            except ImageError as error:
                broken, reason = broken + 1, f" ({error})"
        if broken == MAX_BROKEN or not self._delivered:
            raise SourceError(f"{NAME} holds no JPEG picture that can be read{reason}; {ADVICE}, {RAW_ADVICE}")
        return None

    def _next_picture(self, cutter: JpegCutter) -> bytes | None:
        """The next picture's bytes; None at the end."""
        fed = 0
        while (picture := cutter.cut()) is None:
            piece = self._file.read(PIECE_BYTES)
            if not piece:
                return None
            cutter.feed(piece)
            fed += len(piece)
            if fed > MAX_BYTES:
                raise SourceError(f"{NAME} holds no JPEG picture in {fed >> 20} MB; {ADVICE}, {RAW_ADVICE}")
        return picture


def open_stdin(size: tuple[int, int] | None, rate: float | None, max_pixels: int = MAX_PIXELS) -> PipeCapture:
    """Read frames from standard input; arguments as in `PipeCapture`.

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
