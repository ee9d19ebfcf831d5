"""One process that reads: `python -m mnist_edge.camera.archive.reading_process DESCRIPTOR`, which `workers.py` starts.

What opens its reader comes through the pipe with that descriptor, and then one path after another; back go the name of
the model and the rows. Standard input is a pipe as well, through which nothing comes: its end is that of the parent.
"""

import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection

from mnist_edge import native_stderr
from mnist_edge.camera.archive.row import read_row
from mnist_edge.camera.archive.workers import SIGNALS
from mnist_edge.errors import MnistEdgeError, ModelWarning


def serve(pipe: Connection) -> None:
    """Read what comes through the pipe, until it is closed."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        open_reader, silent = pipe.recv()
        if silent:
            native_stderr.enable_silencing()
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ModelWarning)
                model, read = open_reader()
        except MnistEdgeError as error:
            pipe.send((error, []))
            return
        pipe.send((model, [str(one.message) for one in caught if issubclass(one.category, ModelWarning)]))
        while True:
            source = os.fsdecode(pipe.recv_bytes())
            row = read_row(read, source, lambda: pipe.send(None))
            pipe.send((row.lines, row.failed, row.count))


def _end_with_parent() -> None:
    # A picture that hangs would keep this process for ever if its parent was killed.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
