"""Keeping native libraries' chatter off the terminal.

TensorFlow, the converter and XNNPACK write to file descriptor 2 below Python, where no setting reaches; so the
descriptor itself is pointed elsewhere while they work.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

verbose = False
"""True lets the chatter through (`--verbose`)."""


@contextmanager
def silenced() -> Iterator[None]:
    """Silence file descriptors 1 and 2, `sys.stdout`, `sys.stderr` and Python warnings, unless `verbose`."""
    if verbose:
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(fd, os.dup(fd)) for fd in (1, 2)]
    with tempfile.TemporaryFile() as sink:
        try:
            for fd, _ in kept:
                os.dup2(sink.fileno(), fd)
            # Where a test runner or a notebook has put its own streams, those must be silenced too.
            with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                warnings.simplefilter("ignore")
                yield
        finally:
            for fd, copy in kept:
                os.dup2(copy, fd)
                os.close(copy)
