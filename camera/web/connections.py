"""Where the server listens, and which connections it closes when there are too many."""

import asyncio
import ipaddress
import os
import re
import socket
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from mnist_edge.camera.web.access import client_name
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.optional_packages import require

httpserver: Any = require("tornado.httpserver", extra="web")
ioloop: Any = require("tornado.ioloop", extra="web")
iostream: Any = require("tornado.iostream", extra="web")

DEFAULT_HOST = "127.0.0.1"
ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\]/@]+):)?(?P<port>[0-9]{1,5})")
# The kernel buffers a picture or two for a slow client: more would be old when it arrives. Accepted sockets inherit it.
SEND_BUFFER_BYTES = 1 << 18
# Connections that may wait to be accepted; where the queue is full, TCP tries again a second later.
BACKLOG = 1024
# Documentation addresses (RFC 5737, RFC 3849): nothing is sent there, the kernel only chooses a route.
ANY_REMOTE = {socket.AF_INET: ("192.0.2.1", 9), socket.AF_INET6: ("2001:db8::1", 9)}
# A page has three or four connections.
MAX_CONNECTIONS = 128
# One turn of the event loop accepts one eighth of the connections that may be open, so that earlier clients are served
# in between, however many try to connect.
ACCEPT_TURNS = 8
# How long nothing is accepted after the system had no descriptor or memory for one more.
PAUSE_SECONDS = 0.5


def parse_address(address: str) -> tuple[str, int]:
    """Return host and port of `[HOST:]PORT`; the host is 127.0.0.1 where none is named.

    Raises:
        UsageError: It is something else.
    """
    found = ADDRESS.fullmatch(address)
    if not found or int(found["port"]) > 65535:
        raise UsageError(
            f"{address!r} is no address to serve on; give a port, or HOST:PORT such as 0.0.0.0:8000 or [::1]:8000"
        )
    return (found["host"] or DEFAULT_HOST).strip("[]"), int(found["port"])


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 is any free one, and `0.0.0.0` and `::` are all addresses of this computer.

    Raises:
        OutputError: The port is taken or forbidden, or the host is not this computer's.
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(place[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        # Python's own text of an error names the address too.
        if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
            why = os.strerror(error.errno)
        shown = f"[{host}]" if ":" in host else host
        raise OutputError(
            f"no web page can be served on {shown}:{port} ({why}); choose another port or host with --serve"
        ) from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.setblocking(False)
    return listening


def is_loopback(listening: socket.socket) -> bool:
    """Return whether only this computer can reach the socket."""
    return ipaddress.ip_address(listening.getsockname()[0].split("%")[0]).is_loopback


def url_of(listening: socket.socket) -> str:
    """Return the URL of the page, without a path; one that other computers can open where they may reach the socket."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host.split("%")[0]).is_unspecified:
        host = _own_address(listening.family)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_address(family: int) -> str:
    """The address by which others reach this computer, or its name where there is no network."""
    for candidate in dict.fromkeys((socket.AF_INET, socket.AddressFamily(family))):
        with suppress(OSError), closing(socket.socket(candidate, socket.SOCK_DGRAM)) as probe:
            probe.connect(ANY_REMOTE[candidate])
            return str(probe.getsockname()[0])
    return socket.gethostname()


class Standing(IntEnum):
    """How far a connection is trusted; the lowest is closed first."""

    STRANGER = 0
    KNOWN = 1
    SERVED = 2


@dataclass(slots=True)
class Connection:
    """One open connection; `standing` is SERVED while a granted request is answered, and KNOWN after it."""

    client: str
    # When it was opened, or when the last request on it was answered, in seconds of the event loop: what a client
    # merely sends makes it no younger.
    since: float
    standing: Standing = Standing.STRANGER


@dataclass(slots=True)
class Connections:
    """All open connections, of which there may be `limit`."""

    limit: int
    _open: dict[Any, Connection] = field(default_factory=dict)

    def add(self, stream: Any, client: str) -> None:
        """Add a connection, and close another where that is one too many."""
        self._open = {stream: connection for stream, connection in self._open.items() if not stream.closed()}
        if len(self._open) >= self.limit:
            self._close_one()
        self._open[stream] = Connection(client, asyncio.get_running_loop().time())

    def begin_response(self, stream: Any) -> None:
        """Record that a request was granted on a connection."""
        if connection := self._open.get(stream):
            connection.standing = Standing.SERVED

    def end_response(self, stream: Any) -> None:
        """Record that the granted request has been answered."""
        connection = self._open.get(stream)
        if connection and connection.standing is Standing.SERVED:
            connection.standing, connection.since = Standing.KNOWN, asyncio.get_running_loop().time()

    def _close_one(self) -> None:
        """Close the longest idle connection of the client that has most, among those of the lowest standing."""
        counts = Counter(connection.client for connection in self._open.values())

        def rank(stream: Any) -> tuple[Standing, int, float]:
            connection = self._open[stream]
            return connection.standing, -counts[connection.client], connection.since

        idlest = min(self._open, key=rank)
        del self._open[idlest]
        idlest.close()


class Server(httpserver.HTTPServer):  # type: ignore[misc]
    """An HTTP server that accepts every connection, and closes others where there are too many."""

    def accept_from(self, listening: socket.socket, connections: Connections) -> None:
        """Accept connections until `stop`, which closes the listening socket."""
        self._listening, self._open = listening, connections
        self._resume()

    def stop(self) -> None:
        """Accept no more connections."""
        self._pause()
        self._listening.close()
        super().stop()

    def _resume(self) -> None:
        if self._listening.fileno() >= 0:
            ioloop.IOLoop.current().add_handler(self._listening, self._accept, ioloop.IOLoop.READ)

    def _pause(self) -> None:
        ioloop.IOLoop.current().remove_handler(self._listening)

    def _accept(self, *_: object) -> None:
        for _turn in range(max(self._open.limit // ACCEPT_TURNS, 1)):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._pause()
                ioloop.IOLoop.current().call_later(PAUSE_SECONDS, self._resume)
                return
            stream = iostream.IOStream(accepted)
            self._open.add(stream, client_name(address[0]))
            self.handle_stream(stream, address)


def connection_limit() -> int:
    """Return how many connections may be open: half of the free descriptors are left to files, cameras and brokers."""
    try:
        import resource

        limit, opened = resource.getrlimit(resource.RLIMIT_NOFILE)[0], len(os.listdir("/dev/fd"))
    except (ImportError, OSError):
        # Windows has no such limit.
        return MAX_CONNECTIONS
    return MAX_CONNECTIONS if limit == resource.RLIM_INFINITY else max(min((limit - opened) // 2, MAX_CONNECTIONS), 1)
