"""A served page, and ways to ask it for things."""

import http.client
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web import Gallery, WebView
from mnist_edge.reading import Box, Digit, Reading
from tests.helpers import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def _no_complaints(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever clients send, nothing is printed and no bug is logged."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert capfd.readouterr() == ("", "")


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A page that is served, and what it was told and given."""

    web: WebView
    controls: Controls
    meter: Meter
    caplog: pytest.LogCaptureFixture
    read: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What our own modules logged."""
        return [one.getMessage() for one in self.caplog.records if one.name.startswith("mnist_edge.")]

    @property
    def port(self) -> int:
        return urlsplit(self.web.url).port or 0

    @property
    def encoded(self) -> int:
        return self.meter.display.total

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            yield made
        finally:
            made.close()

    def ask(self, path: str, body: bytes | None = None, method: str = "", **headers: str) -> Answer:
        """`ask("/api/status")`; header names have _ for -."""
        with self.connection() as connection:
            shown = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, body, shown)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    @contextmanager
    def raw(self, request: bytes, receive_buffer: int = 0) -> Iterator[socket.socket]:
        """A connection over which any bytes are sent."""
        with closing(socket.socket()) as made:
            made.settimeout(PATIENCE_SECONDS)
            if receive_buffer:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            made.connect(("127.0.0.1", self.port))
            made.sendall(request)
            yield made

    @staticmethod
    def is_closed(connection: socket.socket) -> bool:
        """Whether the server closes the connection without another word."""
        with suppress(ConnectionResetError):
            return connection.recv(65536) == b""
        return True

    def change(self, document: object, **headers: str) -> Answer:
        return self.ask("/api/controls", json.dumps(document).encode(), Content_Type="application/json", **headers)


@pytest.fixture
def serve(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Served]]:
    """`serve(address="127.0.0.1:0", token=None, read=..., gallery=...)`: a running page."""
    with ExitStack() as stack:

        def start(
            address: str = "127.0.0.1:0", token: str | None = None, read: Any = None, gallery: Gallery | None = None
        ) -> Served:
            controls, meter, seen = Controls(0.5), Meter(), []

            def remember(picture: NDArray[np.uint8]) -> Reading:
                seen.append(picture)
                digits = (Digit(4, 0.98765, Box(1, 2, 3, 4)),)
                return Reading("upload", picture.shape[1], picture.shape[0], "m", "r", digits, ("4",))

            read = read or remember
            web = WebView(address, controls, meter, read=read, token=token, gallery=gallery)
            return Served(stack.enter_context(web), controls, meter, caplog, seen)

        yield start
