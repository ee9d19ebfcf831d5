"""Text written to standard output, a named pipe or a device, line by line, without a buffer.

Python's own streams hold a lock while they write. A thread that is stuck in a full pipe would still hold it when Python
ends, which then aborts. So the streams here write to the file descriptor.
"""

import io
import os
import select
import sys
from contextlib import suppress
from pathlib import Path

from mnist_edge.camera.events import TextStream


class DescriptorStream:
    """Writes to an open file descriptor, which stays open."""

    def __init__(self, descriptor: int) -> None:
        """Keep where to write."""
        self._descriptor = descriptor

    def write(self, text: str, /) -> None:
        """Write all of a text, in UTF-8.

        Raises:
            BrokenPipeError: The reader of the pipe has left.
            OSError: The text cannot be written.
        """
        write_all(self._descriptor, text)

    def flush(self) -> None:
        """Nothing is kept back."""


class PathStream:
    """Writes to a named pipe or a device, which the first write opens.

    Opening a pipe waits for its reader. Where the reader leaves, writing waits for the next one, who gets the line that
    the last one did not get.
    """

    def __init__(self, path: Path) -> None:
        """Keep what to open."""
        self._path = path
        self._descriptor: int | None = None

    def write(self, text: str, /) -> None:
        """Write all of a text, in UTF-8.

        Raises:
            OSError: The pipe or device cannot be opened or written.
        """
        while True:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_WRONLY)
            try:
                return write_all(self._descriptor, text)
            except BrokenPipeError:
                self.close()

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Close the pipe; the next write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def standard_output() -> TextStream:
    """Return standard output without a buffer, or what a test or a notebook has put in its place."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
        return DescriptorStream(sys.stdout.fileno())
    return sys.stdout


def check_output() -> None:
    """Make sure that the reader of standard output has not left, long before there may be anything to write.

    Raises:
        BrokenPipeError: Standard output is a pipe, and its reader has left.
    """
    with suppress(AttributeError, ValueError, io.UnsupportedOperation):
        poll = select.poll()
        # With no events asked for, only errors are reported.
        poll.register(sys.stdout.fileno(), 0)
        if any(what & select.POLLERR for _, what in poll.poll(0)):
            raise BrokenPipeError


def write_all(descriptor: int, text: str) -> None:
    """Write a text in UTF-8; the bytes of a file's name that are no text are escaped, which JSON reads back."""
    data = text.encode(errors="backslashreplace")
    while data:
        data = data[os.write(descriptor, data) :]
