"""Signs of life for systemd: it starts the loop anew where they stay away (the protocol of sd_notify)."""

import logging
import os
import socket
import time
from collections.abc import Callable

from mnist_edge.logs import LineHandler


class Watchdog:
    """Reports to systemd that the loop is ready, lives, and ends, and the newest line of the log; does nothing unasked.

    What systemd left in the environment is taken out on entering, so that no child process speaks for this one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember what to measure time with, in seconds."""
        self._clock = clock
        self._socket: socket.socket | None = None
        self._ready = False
        # The loop beats often; systemd wants a quarter of its patience, and no more.
        self._every = float("inf")
        self._due = 0.0
        self._handler = LineHandler(self._show, private=False)

    def __enter__(self) -> "Watchdog":
        """Find out whether systemd listens, and how long it waits."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        patience, process = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
        if patience.isdecimal() and process in ("", str(os.getpid())):
            self._every = int(patience) / 4 / 1e6
        if address[:1] in ("/", "@"):
            self._socket = _connect(address)
        logging.getLogger("mnist_edge").addHandler(self._handler)
        return self

    def __exit__(self, *error: object) -> None:
        """Report that this is the end."""
        logging.getLogger("mnist_edge").removeHandler(self._handler)
        self._send("STOPPING=1")
        if self._socket:
            self._socket.close()
            self._socket = None

    def beat(self) -> None:
        """Give a sign of life, if one is due; the first one says that all is ready."""
        if self._socket is None:
            return
        now = self._clock()
        if now >= self._due and self._send("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1"):
            self._ready, self._due = True, now + self._every

    def _show(self, line: str) -> None:
        # Every user of the machine may read it.
        self._send(f"STATUS={line}")

    def _send(self, message: str) -> bool:
        try:
            return self._socket is not None and self._socket.send(message.encode()) > 0
        # A full queue, or systemd starting anew: the loop must not wait, and the next beat tries again.
        except OSError:
            return False


def _connect(address: str) -> socket.socket | None:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        # @ stands for the zero byte of a name that is in no file system.
        opened.connect(f"\0{address[1:]}" if address.startswith("@") else address)
    except OSError:
        opened.close()
        return None
    return opened
