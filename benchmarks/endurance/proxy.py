"""A TCP proxy before a port of this computer: while it is closed, connections are cut and new ones refused."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Proxy:
    """Forwards connections to another port; `open_proxy` makes one.

    Attributes:
        port: The port to connect to.
    """

    def __init__(self, target: int) -> None:
        """Listen on a free port, and forward to `target`."""
        self._target = target
        self._forwarded: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._listen()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Have it closed while the block runs."""
        self.close()
        try:
            yield
        finally:
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._listen()

    def close(self) -> None:
        """Close it for good."""
        # Unlike close, shutdown also ends the wait of every thread that uses the socket.
        for connection in (self._listening, *self._forwarded):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._forwarded.clear()

    def _listen(self) -> None:
        Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        # Accepting ends with the socket.
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._forwarded += [client, server]
                for pair in ((client, server), (server, client)):
                    Thread(target=_forward, args=pair, daemon=True).start()


@contextmanager
def open_proxy(target: int) -> Iterator[Proxy]:
    """Run a proxy before a port while the block runs."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()


def _forward(source: socket.socket, target: socket.socket) -> None:
    """Forward until either side ends, then end both; the thread of the other direction closes `target`."""
    with source:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for connection in (source, target):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
