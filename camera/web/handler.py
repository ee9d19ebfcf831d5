"""What all answers have in common: who may ask, how much may be sent, what browsers are told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web.access import Access, Refused, check_site
from mnist_edge.camera.web.address import owner_of
from mnist_edge.camera.web.connections import Connections
from mnist_edge.camera.web.feed import Feed
from mnist_edge.camera.web.gallery import Gallery
from mnist_edge.camera.web.page import HEADERS
from mnist_edge.camera.web.pictures import Pictures
from mnist_edge.camera.web.tornado import iostream, web
from mnist_edge.camera.web.worker import TaskWorker
from mnist_edge.reading import Reading
from mnist_edge.safe_text import to_json

# A body that is refused is taken in all the same, up to here: many clients do not listen before all is sent.
MAX_WASTED_BYTES = 64_000_000
# A client that takes nothing for so long is gone.
WRITE_SECONDS = 20.0
# A body has to come at this speed, on the average since its beginning, looked at every few seconds: the slowest mobile
# networks are faster.
MIN_BODY_SPEED = 10_000
SPEED_SECONDS = 5.0


@dataclass(slots=True)
class Site:
    """What the handlers share.

    Attributes:
        port: Where it is served; browsers do not tell cookies apart by it.
        gallery: The files that may be looked at.
        connections: All that are open.
        reads: The requests whose pictures are being sent or read, in the order in which they came.
        thumbnails: Held while one is made.
    """

    feed: Feed
    pictures: Pictures
    controls: Controls
    meter: Meter
    access: Access
    read: Callable[[NDArray[np.uint8]], Reading]
    reader: TaskWorker
    port: int
    gallery: Gallery
    connections: Connections
    reads: list[Any] = field(default_factory=list)
    thumbnails: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"mnist-edge-{self.port}"


@web.stream_request_body
class Handler(web.RequestHandler):  # type: ignore[misc]
    """Checks a request before its body comes, and answers once it has come."""

    verb: ClassVar[str] = "GET"
    max_bytes: ClassVar[int] = 0
    open_to_all: ClassVar[bool] = False
    linked: ClassVar[bool] = False

    def initialize(self, site: Site) -> None:
        """Begin a request."""
        self.site = site
        self.body = bytearray()
        self.received = 0
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self.left: asyncio.Future[None] = loop.create_future()
        self._speed = loop.call_later(SPEED_SECONDS, self._check_speed)
        self._refusal: Refused | None = None

    def set_default_headers(self) -> None:
        """Nothing is kept by browsers, framed or loaded by others."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Check who asks, and for what."""
        try:
            self.admit()
            if not self.open_to_all:
                self.site.connections.serve(self.request.connection.stream)
        except Refused as refused:
            self._refusal = refused
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and (len(length) > 12 or int(length) > MAX_WASTED_BYTES):
            # Answered at once; the connection ends with the answer.
            self.refuse(self._refusal or Refused(413, f"the body may have {self.max_bytes:,} bytes"))
            self.finish()

    def admit(self) -> None:
        """Raise `Refused` where the request is not granted."""
        if not self.open_to_all:
            tokens = self.get_query_arguments("token", strip=False)
            scheme, _, bearer = self.request.headers.get("Authorization", "").partition(" ")
            tokens += [bearer.strip()] if scheme.lower() == "bearer" else []
            # The first only: one request is one guess.
            token, cookie = next(iter(tokens), None), self.get_cookie(self.site.cookie)
            self.site.access.check_reader(self.request.headers, token, cookie, owner_of(self.request.remote_ip))
            if not self.linked:
                check_site(self.request.headers)
        if self.request.method != self.verb:
            self.set_header("Allow", self.verb)
            raise Refused(405, f"{self.request.method} is not possible here; use {self.verb}")

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self.received += len(chunk)
        if self._refusal is None and len(self.body) + len(chunk) > self.max_bytes:
            self._refusal = Refused(413, f"the body may have {self.max_bytes:,} bytes")
            self.body = bytearray()
        if self._refusal is None:
            self.body += chunk

    def on_connection_close(self) -> None:
        """Note that the client has left."""
        super().on_connection_close()
        self._speed.cancel()
        self.leave()

    def leave(self) -> None:
        """Set `left`."""
        if not self.left.done():
            self.left.set_result(None)

    def on_finish(self) -> None:
        """Note that the request has been answered."""
        self._speed.cancel()
        self.site.connections.rest(self.request.connection.stream)

    def close(self) -> None:
        """End the connection, whatever was to come on it."""
        self.request.connection.close()

    def _check_speed(self) -> None:
        """Close the connection if the body comes too slowly; look again after a while."""
        loop = asyncio.get_running_loop()
        if self.received < MIN_BODY_SPEED * (loop.time() - self.began):
            self.close()
        else:
            self._speed = loop.call_later(SPEED_SECONDS, self._check_speed)

    async def get(self) -> None:
        """Answer, now that the body is there."""
        self._speed.cancel()
        try:
            if self._refusal:
                raise self._refusal
            await self.answer()
        except Refused as refused:
            self.refuse(refused)

    post = put = patch = delete = options = head = get

    def answer(self) -> Awaitable[None]:
        """The answer to a request that is granted."""
        raise Refused(404, f"there is nothing at {self.request.path}")

    def send(self, document: object) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(to_json(document))

    def write_error(self, status_code: int, **about: Any) -> None:
        """Answer what Tornado itself refuses, or a bug."""
        self.send({"error": responses.get(status_code, "error")})
        self.finish()

    async def push(self) -> None:
        """Send what is written, and wait until it is taken; a client that does not take it is left."""
        try:
            await asyncio.wait_for(self.flush(), WRITE_SECONDS)
        except iostream.StreamClosedError:
            self.leave()
        except asyncio.TimeoutError:
            self.leave()
            self.close()

    def refuse(self, refused: Refused) -> None:
        """Answer why not."""
        self.set_status(refused.status)
        if refused.status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if seconds := {429: 10, 503: 2}.get(refused.status):
            self.set_header("Retry-After", seconds)
        self.explain(refused)

    def explain(self, refused: Refused) -> None:
        """Write why not."""
        self.send({"error": refused.message})
