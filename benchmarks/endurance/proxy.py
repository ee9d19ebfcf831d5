"""A door before a port of this computer: while it is shut, connections are cut and new ones refused."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Gate:
    """Passes on what comes to `port`, while it is open; `open_gate` makes one.

    Attributes:
        port: Where to connect to.
    """

    def __init__(self, behind: int) -> None:
        """Take a free port, open."""
        self._behind = behind
        self._passing: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._attend()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Have it shut while the block runs."""
        self.close()
        try:
            yield
        finally:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._attend()

    def close(self) -> None:
        """Shut it for good."""
        # Unlike close, it also ends the wait of whoever waits there.
        for one in (self._listening, *self._passing):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._passing.clear()

    def _attend(self) -> None:
        Thread(target=self._let_in, args=(self._listening,), daemon=True).start()

    def _let_in(self, listening: socket.socket) -> None:
        # Accepting ends with the socket.
        with suppress(OSError):
            while True:
                outside, _ = listening.accept()
                try:
                    inside = socket.create_connection(("127.0.0.1", self._behind))
                except OSError:
                    outside.close()
                    continue
                self._passing += [outside, inside]
                for pair in ((outside, inside), (inside, outside)):
                    Thread(target=_pass_on, args=pair, daemon=True).start()


@contextmanager
def open_gate(behind: int) -> Iterator[Gate]:
    """A gate before a port, as long as the block runs."""
    gate = Gate(behind)
    try:
        yield gate
    finally:
        gate.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on until either side ends, then end both; who passes on the other way closes `target`."""
    with source:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
