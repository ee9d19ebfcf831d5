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
from mnist_edge.camera.web.access import Access, Refused, check_writer
from mnist_edge.camera.web.feed import Feed
from mnist_edge.camera.web.gallery import Gallery
from mnist_edge.camera.web.page import HEADERS
from mnist_edge.camera.web.pictures import Pictures
from mnist_edge.camera.web.tornado import iostream, web
from mnist_edge.camera.web.worker import TaskWorker
from mnist_edge.reading import Reading
from mnist_edge.text import to_json

# A body that is refused is taken in all the same, up to here: many clients do not listen before all is sent.
MAX_WASTED_BYTES = 64_000_000
# Who takes nothing for so long is gone.
WRITE_SECONDS = 20.0


@dataclass(slots=True)
class Site:
    """What the handlers share.

    Attributes:
        port: Where it is served; browsers do not tell cookies apart by it.
        gallery: The files that may be looked at.
        reads: How many pictures are being sent or read for clients.
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
    reads: int = 0
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

    def initialize(self, site: Site) -> None:
        """Begin a request."""
        self.site = site
        self.body = bytearray()
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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
            self.site.access.check_reader(self.request.headers, tokens, self.get_cookie(self.site.cookie))
        if self.request.method != self.verb:
            self.set_header("Allow", self.verb)
            raise Refused(405, f"{self.request.method} is not possible here; use {self.verb}")
        if self.verb == "POST":
            check_writer(self.request.headers)

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        if self._refusal is None and len(self.body) + len(chunk) > self.max_bytes:
            self._refusal = Refused(413, f"the body may have {self.max_bytes:,} bytes")
            self.body = bytearray()
        if self._refusal is None:
            self.body += chunk

    def on_connection_close(self) -> None:
        """Note that the client has left."""
        super().on_connection_close()
        self.leave()

    def leave(self) -> None:
        """Set `left`."""
        if not self.left.done():
            self.left.set_result(None)

    async def get(self) -> None:
        """Answer."""
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
            self.request.connection.close()

    def refuse(self, refused: Refused) -> None:
        """Answer why not."""
        self.set_status(refused.status)
        if refused.status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if refused.status == 503:
            self.set_header("Retry-After", "2")
        self.explain(refused)

    def explain(self, refused: Refused) -> None:
        """Write why not."""
        self.send({"error": refused.message})
