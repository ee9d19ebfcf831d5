"""Who is connected: everybody is let in, and where there is no room the idlest connection gives way."""

import asyncio
import os
import socket
from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from mnist_edge.camera.web.address import owner_of
from mnist_edge.camera.web.tornado import httpserver, ioloop, iostream

# A page has three or four.
MAX_CONNECTIONS = 128
# Turns of the event loop in which as many as there is room for are let in.
TURNS = 8
# How long nobody is let in where the system has no descriptor left for one more.
PAUSE_SECONDS = 0.5


class Standing(IntEnum):
    """What a connection has shown; where room is needed, the lowest gives way first."""

    STRANGER = 0
    KNOWN = 1
    SERVED = 2


@dataclass(slots=True)
class Connection:
    """One connection.

    Attributes:
        owner: Whose it is, by `owner_of`.
        since: When it came, or when the last request on it was answered, in the event loop's seconds. What a client
            merely sends does not count.
    """

    owner: str
    since: float
    standing: Standing = Standing.STRANGER


@dataclass(slots=True)
class Connections:
    """All that are open.

    Attributes:
        room: How many there may be.
    """

    room: int = MAX_CONNECTIONS
    _open: dict[Any, Connection] = field(default_factory=dict)

    def add(self, stream: Any, owner: str) -> None:
        """Count one more, and close another where that is one too many."""
        self.make_room()
        self._open[stream] = Connection(owner, asyncio.get_running_loop().time())

    def serve(self, stream: Any) -> None:
        """Note that a request was granted on a connection."""
        if one := self._open.get(stream):
            one.standing = Standing.SERVED

    def rest(self, stream: Any) -> None:
        """Note that a request has been answered on a connection."""
        one = self._open.get(stream)
        if one and one.standing is Standing.SERVED:
            one.standing, one.since = Standing.KNOWN, asyncio.get_running_loop().time()

    def make_room(self) -> None:
        """Without room, close the idlest of whoever has most, among those of the lowest standing."""
        self._open = {stream: one for stream, one in self._open.items() if not stream.closed()}
        if len(self._open) < self.room:
            return
        shares = Counter(one.owner for one in self._open.values())
        idlest = min(self._open, key=lambda stream: _rank(self._open[stream], shares))
        del self._open[idlest]
        idlest.close()


def _rank(one: Connection, shares: Counter[str]) -> tuple[Standing, int, float]:
    return one.standing, -shares[one.owner], one.since


class Server(httpserver.HTTPServer):  # type: ignore[misc]
    """An HTTP server whose connections fit the limits of the process."""

    def accept_from(self, listening: socket.socket, connections: Connections) -> None:
        """Let everybody in who comes to this socket, until `stop`.

        Args:
            listening: Closed by `stop`.
            connections: Where they are counted.
        """
        self._listening, self._connected = listening, connections
        self._resume()

    def stop(self) -> None:
        """Let nobody in any more."""
        self._pause()
        self._listening.close()
        super().stop()

    def _resume(self) -> None:
        if self._listening.fileno() >= 0:
            ioloop.IOLoop.current().add_handler(self._listening, self._accept, ioloop.IOLoop.READ)

    def _pause(self) -> None:
        ioloop.IOLoop.current().remove_handler(self._listening)

    def _accept(self, *about: object) -> None:
        """Take a few: they are heard before others come who might push them out, however many press in."""
        for _ in range(max(self._connected.room // TURNS, 1)):
            try:
                taken, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                # There is no descriptor or no memory for it, and none will be there at once.
                self._pause()
                ioloop.IOLoop.current().call_later(PAUSE_SECONDS, self._resume)
                return
            stream = iostream.IOStream(taken)
            self._connected.add(stream, owner_of(address[0]))
            self.handle_stream(stream, address)


def room() -> int:
    """How many connections fit the process: half of what it may still open is left to files, cameras and brokers."""
    try:
        import resource

        limit, opened = resource.getrlimit(resource.RLIMIT_NOFILE)[0], len(os.listdir("/dev/fd"))
    except (ImportError, OSError):
        # Windows counts differently, and has room.
        return MAX_CONNECTIONS
    return MAX_CONNECTIONS if limit == resource.RLIM_INFINITY else max(min((limit - opened) // 2, MAX_CONNECTIONS), 1)
