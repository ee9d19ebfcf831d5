"""A camera in the network that has trouble on request: JPEG pictures of digits, as an HTTP stream."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal

from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.fake.source import FakeSource
from mnist_edge.opencv import cv2

# Sheets that follow each other, each shown for so many pictures: something appears and goes all the time.
SHEETS, PICTURES_PER_SHEET = 3, 20
RATE = 20.0
# In the fake camera's film a sheet comes every 150 pictures, and is held still from the 40th on.
FILM_SHEET, FILM_OFFSET = 150, 40
POLL_SECONDS = 0.02
# With this SO_LINGER, closing sends a reset instead of an orderly end.
RESET = struct.pack("ii", 1, 0)

# Silent: connections stay, and are accepted, but nothing is sent. Unavailable: connections are closed, new ones get the
# status 503. Gone: connections are closed, and nothing listens on the port. Cut: gone, in the middle of a picture.
# Damaged: some pictures cannot be decoded.
Trouble = Literal["silent", "unavailable", "gone", "cut", "damaged"]
DAMAGED_EVERY = 5


class MjpegStream:
    """Sends pictures to every client, until it has trouble; `open_stream` makes one.

    Attributes:
        port: The port of 127.0.0.1 where it listens.
    """

    def __init__(self) -> None:
        """Listen on a free port."""
        self._trouble: Trouble | None = None
        self._begin(0)
        self.port = int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Address of the stream."""
        return f"http://127.0.0.1:{self.port}/"

    @contextmanager
    def having(self, trouble: Trouble) -> Iterator[None]:
        """Have trouble while the block runs."""
        before, self._trouble = self._trouble, trouble
        left = trouble in ("gone", "cut")
        if left:
            self._server.leave()
        try:
            yield
        finally:
            self._trouble = before
            if left:
                self._begin(self.port)

    def close(self) -> None:
        """Stop serving."""
        self._trouble = "gone"
        self._server.leave()

    def serve(self, client: "_Client") -> None:
        """Send pictures to one client, until trouble ends it."""
        self._wait_while_silent()
        if self._trouble == "unavailable":
            client.send_error(503)
        if not self._sends():
            return
        client.send_response(200)
        client.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        client.end_headers()
        # A client of a server that has gone is not served by the next server.
        while self._sends() and client.server is self._server:
            number = int(time.monotonic() * RATE)
            damaged = self._trouble == "damaged" and number % DAMAGED_EVERY == 0
            client.wfile.write(_part(number, damaged=damaged))
            time.sleep(1 / RATE)
            self._wait_while_silent()
        if self._trouble == "cut":
            client.wfile.write(_part(0)[:9000])
            client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # The base class would first shut the connection down in an orderly way.
            client.connection.close()

    def _begin(self, port: int) -> None:
        self._server = _Server(port, self)
        Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True, name="stream").start()

    def _sends(self) -> bool:
        """Whether a connection stays open; a silent one does."""
        return self._trouble in (None, "silent", "damaged")

    def _wait_while_silent(self) -> None:
        while self._trouble == "silent":
            time.sleep(POLL_SECONDS)


@contextmanager
def open_stream() -> Iterator[MjpegStream]:
    """Run a stream on a free port of this computer while the block runs."""
    stream = MjpegStream()
    try:
        yield stream
    finally:
        stream.close()


@lru_cache(maxsize=1)
def pictures() -> tuple[bytes, ...]:
    """Return the JPEG files that are sent, again and again."""
    film = FakeSource(Stop())
    numbers = [
        sheet * FILM_SHEET + FILM_OFFSET + number for sheet in range(SHEETS) for number in range(PICTURES_PER_SHEET)
    ]
    return tuple(bytes(cv2.imencode(".jpg", film.picture(number))[1]) for number in numbers)


def _part(number: int, *, damaged: bool = False) -> bytes:
    jpeg = pictures()[number % len(pictures())]
    jpeg = bytes(len(jpeg)) if damaged else jpeg
    head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, stream: MjpegStream) -> None:
        super().__init__(("127.0.0.1", port), _Client)
        self.stream = stream

    def leave(self) -> None:
        self.shutdown()
        self.server_close()


class _Client(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        # Clients come and go as they like.
        with suppress(OSError, ValueError):
            self.server.stream.serve(self)

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""
