"""Signs of life for systemd, which restarts a loop that gives none: the protocol of sd_notify."""

import logging
import os
import socket
import time
from collections.abc import Callable

from mnist_edge.logs import LineHandler

# How much of systemd's time-out passes between two signs of life: its manual asks for half, so that one may be late.
BEAT_SHARE = 0.25


class Watchdog:
    """Reports to systemd that the loop is ready, is alive and ends, and the newest line of the log.

    Does nothing unless systemd asks for it in the environment, from which entering removes the request, so that child
    processes do not report for this one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect nothing yet; `clock` gives seconds."""
        self._clock = clock
        self._socket: socket.socket | None = None
        self._ready = False
        self._every_seconds = float("inf")
        self._due = 0.0
        self._handler = LineHandler(self._show, private=False)

    def __enter__(self) -> "Watchdog":
        """Connect to systemd if it listens, and read its time-out."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        timeout, process = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        if timeout.isdecimal() and process in ("", str(os.getpid())):
            self._every_seconds = int(timeout) / 1e6 * BEAT_SHARE
        if address[:1] in ("/", "@"):
            self._socket = _connect(address)
        logging.getLogger("mnist_edge").addHandler(self._handler)
        return self

    def __exit__(self, *error: object) -> None:
        """Report the end."""
        logging.getLogger("mnist_edge").removeHandler(self._handler)
        self._send("STOPPING=1")
        if self._socket:
            self._socket.close()
            self._socket = None

    def beat(self) -> None:
        """Send a sign of life if one is due; the first one reports that the loop is ready."""
        if self._socket is None:
            return
        now = self._clock()
        if now >= self._due and self._send("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1"):
            self._ready, self._due = True, now + self._every_seconds

    def _show(self, line: str) -> None:
        # Every user of the machine may read the status.
        self._send(f"STATUS={line}")

    def _send(self, message: str) -> bool:
        try:
            return self._socket is not None and self._socket.send(message.encode()) > 0
        # The queue is full, or systemd restarts: the loop must not wait, and the next beat tries again.
        except OSError:
            return False


def _connect(address: str) -> socket.socket | None:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        # @ stands for the zero byte before a name outside the file system.
        opened.connect(f"\0{address[1:]}" if address.startswith("@") else address)
    except OSError:
        opened.close()
        return None
    return opened
