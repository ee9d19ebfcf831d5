"""Text written to standard output, a named pipe or a device, line by line, without a buffer.

Python's own streams hold a lock while they write. A thread that is stuck in a full pipe would still hold it when Python
ends, which then aborts; and opening a named pipe waits for its reader. So both happen here, at the file descriptor.
"""

import io
import os
import select
import sys
from contextlib import suppress
from pathlib import Path

from mnist_edge.camera.events import TextStream


class DescriptorStream:
    """An open file descriptor, which stays open."""

    def __init__(self, descriptor: int) -> None:
        """Keep where to write."""
        self._descriptor = descriptor

    def write(self, text: str, /) -> None:
        """Write all of a text, in UTF-8.

        Raises:
            BrokenPipeError: Nobody reads it any more.
            OSError: It cannot be written.
        """
        write_all(self._descriptor, text)

    def flush(self) -> None:
        """Nothing is kept back."""


class PathStream:
    """A named pipe or a device, opened by the first write.

    Opening a pipe waits until somebody reads it. Where the reader leaves, writing waits for the next one, who gets the
    line that the last one did not.
    """

    def __init__(self, path: Path) -> None:
        """Keep what to open."""
        self._path = path
        self._descriptor: int | None = None

    def write(self, text: str, /) -> None:
        """Write all of a text, in UTF-8.

        Raises:
            OSError: It cannot be opened or written.
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
        """Close it, until something is written again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def standard_output() -> TextStream:
    """Standard output without a buffer, or whatever a test or a notebook has put in its place."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
        return DescriptorStream(sys.stdout.fileno())
    return sys.stdout


def check_output() -> None:
    """See that standard output still has its reader, who may leave long before there is anything to write.

    Raises:
        BrokenPipeError: It is a pipe, and the reader has left.
    """
    with suppress(AttributeError, ValueError, io.UnsupportedOperation):
        poll = select.poll()
        # Asks for nothing but what is always told: errors.
        poll.register(sys.stdout.fileno(), 0)
        if any(what & select.POLLERR for _, what in poll.poll(0)):
            raise BrokenPipeError


def write_all(descriptor: int, text: str) -> None:
    """Write a text in UTF-8; a file's name in it may hold bytes that are no text, which JSON reads back."""
    data = text.encode(errors="backslashreplace")
    while data:
        data = data[os.write(descriptor, data) :]
