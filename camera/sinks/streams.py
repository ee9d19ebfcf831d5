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
    """Writes to an open file descriptor, or to a named pipe or a device, which the first write opens.

    Opening a pipe waits for its reader. Where that reader leaves, writing waits for the next one, who gets the line
    that the last one did not get.
    """

    def __init__(self, target: int | Path) -> None:
        """Keep where to write; a descriptor is left open."""
        self._path = None if isinstance(target, int) else target
        self._descriptor = target if isinstance(target, int) else None

    def write(self, text: str, /) -> None:
        """Write all of a text in UTF-8; the bytes of a file's name that are no text are escaped, which JSON reads back.

        Raises:
            BrokenPipeError: The reader of a pipe that was open from the start has left.
            OSError: The text cannot be written, or the path cannot be opened.
        """
        data = text.encode(errors="backslashreplace")
        written = 0
        while written < len(data):
            if self._descriptor is None and self._path:
                self._descriptor = os.open(self._path, os.O_WRONLY)
            assert self._descriptor is not None
            try:
                written += os.write(self._descriptor, data[written:])
            except BrokenPipeError:
                if not self._path:
                    raise
                os.close(self._descriptor)
                self._descriptor, written = None, 0

    def flush(self) -> None:
        """Do nothing: no text is kept back."""


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
