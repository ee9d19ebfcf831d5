"""What all requests have in common: who may ask, how much may be sent, and how long that may take."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from http.client import responses
from typing import Any, ClassVar, TypeVar

from mnist_edge.camera.web.access import Access, Refused, check_origin, client_name
from mnist_edge.camera.web.connections import Connections, iostream
from mnist_edge.camera.worker import Worker
from mnist_edge.optional_packages import require
from mnist_edge.safe_text import HIDDEN, mask_all, printable, to_json

web: Any = require("tornado.web", extra="web")

# A body that is refused is read all the same, up to this size: many clients read no response before all is sent.
MAX_REFUSED_BYTES = 64_000_000
# A client that takes none of what is sent to it for so long is disconnected.
WRITE_SECONDS = 20.0
# The least speed of a body, in bytes a second on the average since its beginning, and how often it is checked. The
# slowest mobile networks are faster.
MIN_BODY_SPEED = 10_000
SPEED_CHECK_SECONDS = 5.0
# Tasks that may wait for a thread: more than the server ever asks for at a time.
MAX_TASKS = 16
# What a client is asked to wait before it tries again, in seconds, by the status that refuses it.
RETRY_AFTER_SECONDS = {429: 10, 503: 2}
QUERY = re.compile(r"\?[^\s'\")]*")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Site:
    """What all handlers share.

    Attributes:
        worker: The thread for what would block the event loop, such as reading a picture that is sent.
        port: The port of the page, part of its cookie's name: browsers do not keep cookies of different ports apart.
    """

    access: Access
    connections: Connections
    worker: "TaskWorker"
    port: int

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"mnist-edge-{self.port}"


@web.stream_request_body
class Handler(web.RequestHandler):  # type: ignore[misc]
    """Checks a request, by `_check`, before its body comes, and answers it, by `_answer`, once the body has come.

    Attributes:
        method: The HTTP method that is allowed.
        max_body_bytes: How long the body may be.
        content_types: The types that a body may have, the most usual first; `image/` is any image. Empty for any.
        needs_token: Whether only those who may see the page may ask.
        is_linkable: Whether pages of other sites may link to it.
    """

    method: ClassVar[str] = "GET"
    max_body_bytes: ClassVar[int] = 0
    content_types: ClassVar[tuple[str, ...]] = ()
    needs_token: ClassVar[bool] = True
    is_linkable: ClassVar[bool] = False

    def initialize(self) -> None:
        """Begin a request; called by Tornado for each."""
        self.site: Site = self.settings["site"]
        self.body = bytearray()
        self.received_bytes = 0
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self.disconnected: asyncio.Future[None] = loop.create_future()
        self._speed_check = loop.call_later(SPEED_CHECK_SECONDS, self._check_speed)
        self._refusal: Refused | None = None

    def set_default_headers(self) -> None:
        """Set the headers of every response."""
        self.clear_header("Server")
        for name, value in self.settings["headers"].items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Check the request; one that is refused is answered once its body has come, unless that is too long."""
        try:
            self._check()
            if self.needs_token:
                self.site.connections.begin_response(self.request.connection.stream)
        except Refused as refused:
            self._refusal = refused
        length = self.request.headers.get("Content-Length", "0")
        # Longer numbers would take long to parse.
        if length.isdecimal() and (len(length) > 12 or int(length) > MAX_REFUSED_BYTES):
            self._refuse(self._refusal or self._too_long())
            self.finish()

    def _check(self) -> None:
        """Raise `Refused` where the request may not be answered."""
        if self.needs_token:
            tokens = self.get_query_arguments("token", strip=False)
            scheme, _, bearer = self.request.headers.get("Authorization", "").partition(" ")
            tokens += [bearer.strip()] if scheme.lower() == "bearer" else []
            # The first only: one request is one guess.
            token, cookie = next(iter(tokens), None), self.get_cookie(self.site.cookie)
            self.site.access.check_client(self.request.headers, token, cookie, client_name(self.request.remote_ip))
            if not self.is_linkable:
                check_origin(self.request.headers)
        if self.request.method != self.method:
            self.set_header("Allow", self.method)
            raise Refused(405, f"{self.request.method} is not possible here; use {self.method}")
        if self.content_types:
            self._check_type(self.request.headers.get("Content-Type"))

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self.received_bytes += len(chunk)
        if self._refusal is None and len(self.body) + len(chunk) > self.max_body_bytes:
            self._refusal = self._too_long()
            self.body = bytearray()
        if self._refusal is None:
            self.body += chunk

    def _check_type(self, given: str | None) -> None:
        kind, allowed = (given or "").partition(";")[0].strip().lower(), self.content_types
        if kind not in allowed and not (kind.startswith("image/") and "image/" in allowed):
            usual = " or ".join(filter(None, allowed[:2]))
            raise Refused(415, f"the Content-Type is {given or 'missing'}; send {usual}")

    def _too_long(self) -> Refused:
        return Refused(413, f"the body may have {self.max_body_bytes:,} bytes")

    async def get(self) -> None:
        """Answer, now that the body is there."""
        self._speed_check.cancel()
        try:
            if self._refusal:
                raise self._refusal
            await self._answer()
        except Refused as refused:
            self._refuse(refused)

    post = put = patch = delete = options = head = get

    def _answer(self) -> Awaitable[None]:
        """Answer a request that is granted; this one is for addresses that no other handler is for."""
        raise Refused(404, f"there is nothing at {self.request.path}")

    def send_json(self, document: object) -> None:
        """Answer with a JSON document."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(to_json(document))

    def send(self, content_type: str, content: str | bytes) -> None:
        """Answer with anything else."""
        self.set_header("Content-Type", content_type)
        self.write(content)

    async def flush_in_time(self) -> None:
        """Send what is written, and wait until the client takes it; disconnect a client that does not."""
        try:
            await asyncio.wait_for(self.flush(), WRITE_SECONDS)
        except iostream.StreamClosedError:
            self._set_disconnected()
        except asyncio.TimeoutError:
            self._set_disconnected()
            self.disconnect()

    def disconnect(self) -> None:
        """Close the connection, whatever was to come on it."""
        self.request.connection.close()

    def _refuse(self, refused: Refused) -> None:
        self.set_status(refused.status)
        if refused.status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if seconds := RETRY_AFTER_SECONDS.get(refused.status):
            self.set_header("Retry-After", seconds)
        self._send_refusal(refused)

    def _send_refusal(self, refused: Refused) -> None:
        self.send_json({"error": refused.message})

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer what Tornado itself refuses, or a bug."""
        self.send_json({"error": responses.get(status_code, "error")})
        self.finish()

    def on_connection_close(self) -> None:
        """Record that the client has disconnected; called by Tornado."""
        super().on_connection_close()
        self._speed_check.cancel()
        self._set_disconnected()

    def on_finish(self) -> None:
        """Record that the request has been answered; called by Tornado."""
        self._speed_check.cancel()
        self.site.connections.end_response(self.request.connection.stream)

    def _set_disconnected(self) -> None:
        if not self.disconnected.done():
            self.disconnected.set_result(None)

    def _check_speed(self) -> None:
        loop = asyncio.get_running_loop()
        if self.received_bytes < MIN_BODY_SPEED * (loop.time() - self.began):
            self.disconnect()
        else:
            self._speed_check = loop.call_later(SPEED_CHECK_SECONDS, self._check_speed)


class TaskWorker(Worker[Callable[[], None]]):
    """A thread for what would block the event loop, one task after the other."""

    def __init__(self, name: str) -> None:
        # Failures are raised where the result is awaited.
        super().__init__(name, lambda task: task(), limit=MAX_TASKS, silent=True)

    async def run(self, task: Callable[[], Result]) -> Result:
        """Return the result of `task`, or raise what it raises.

        Nothing is run any more once the server is ending; who waits is then cancelled with the event loop.
        """
        future: Future[Result] = Future()

        def run() -> None:
            # The client may have disconnected meanwhile.
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task())
                except Exception as error:
                    future.set_exception(error)

        self.put(run)
        return await asyncio.wrap_future(future)


class _Masked(logging.Filter):
    """Masks what Tornado logs: it describes requests by their addresses, which may hold the token."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = printable(QUERY.sub(f"?{HIDDEN}", mask_all(record.getMessage()))), ()
        return True


for _name in ("tornado.access", "tornado.application", "tornado.general"):
    logging.getLogger(_name).addFilter(_Masked())
# Without a handler Python prints the warnings, which here are about what untrusted clients send.
logging.getLogger("tornado.general").addHandler(logging.NullHandler())
