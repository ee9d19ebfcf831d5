"""A web server in a thread of its own: what the camera's page and the pages of forms have in common."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mnist_edge.camera.web import connections
from mnist_edge.camera.web.access import Access, GuessLimit, new_token, stored_token
from mnist_edge.camera.web.handler import MAX_REFUSED_BYTES, Handler, Site, TaskWorker, web
from mnist_edge.camera.web.page import Page, headers_of
from mnist_edge.camera.worker import END_SECONDS
from mnist_edge.errors import UsageError
from mnist_edge.logs import UNMASKED

# Many clients together can guess a shorter token in time; where only this computer is served, they cannot ask.
MIN_TOKEN_CHARACTERS = 8
MAX_HEADER_BYTES = 16_384
# How long a client may take for the headers of a request, and for the body, even if that comes fast enough.
IDLE_SECONDS = 10.0
BODY_SECONDS = 60.0
# How long the end waits for streams to notice that their clients were disconnected, and how often it looks.
CLOSE_SECONDS, POLL_SECONDS = END_SECONDS / 2, 0.01

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Content:
    """What a server serves.

    Attributes:
        page: The document at `/`, from `page.assemble`.
        routes: All other addresses, each a regular expression, with their handlers.
        settings: What the handlers find in `self.settings`.
        is_streaming: Whether some client still gets a stream that ends once it notices that it was disconnected.
    """

    page: str
    routes: Sequence[tuple[str, type[Handler]]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_streaming: Callable[[], bool] = lambda: False


class WebServer:
    """Serves pages and their API while it is entered.

    Attributes:
        url: The page's address, such as `http://127.0.0.1:8000`; empty until it is entered.
        token: What clients must show; None where only this computer is served and none was given.
    """

    def __init__(
        self,
        address: str,
        content: Callable[[], Content],
        *,
        token: str | None,
        private: bool = True,
        name: str = "web",
    ) -> None:
        """Check the address and the token; nothing is opened before the server is entered.

        Args:
            address: `[HOST:]PORT`, the host in brackets where it is IPv6; port 0 is any that is free.
            content: Returns what is served; called once, in the event loop.
            token: What clients must show; None for no token on this computer, and a new one beyond it.
            private: Whether only the user sees what is logged, which may then hold a new token; else the token is
                stored in a file, which the log names.
            name: What its threads are called.

        Raises:
            UsageError: The address or the token is none.
        """
        self._host, self._port = connections.parse_address(address)
        if token is not None and not token.strip():
            raise UsageError("the token is empty; give some letters, or leave out --token")
        self.url = ""
        self.token = token
        self._content, self._private = content, private
        self._worker = TaskWorker(f"{name}'s requests")
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started: Future[None] = Future()
        self._stop: Callable[[], object] = lambda: None
        self._deadline = float("inf")
        self._stack = ExitStack()

    def __enter__(self) -> "WebServer":
        """Start to serve.

        Raises:
            OutputError: The address is taken, forbidden or not this computer's.
            UsageError: Other computers can reach the page and the token is short, or a token would have to be stored
                and the user has no home folder.
            OSError: The token's file cannot be written.
        """
        with ExitStack() as stack:
            self._listening = stack.enter_context(connections.listen(self._host, self._port))
            self.url = connections.url_of(self._listening)
            hint = self._provide_token(connections.is_loopback(self._listening))
            stack.enter_context(self._worker)
            self._thread.start()
            self._started.result()
            self._stack = stack.pop_all()
        # With a new token; see `private`.
        logger.info("web page at %s%s", self.url, hint, extra=UNMASKED)
        return self

    def _provide_token(self, local: bool) -> str:
        """Make a token where one is needed and none was given; return what to log of it after the page's address."""
        if self.token is None and local:
            return ""
        if self.token is None and self._private:
            self.token = new_token()
            return f"/?token={self.token}"
        if self.token is None:
            self.token, file = stored_token()
            return f", which asks for the token in {file}"
        if not local and len(self.token) < MIN_TOKEN_CHARACTERS:
            raise UsageError(
                f"a token of {len(self.token)} characters can be guessed; give {MIN_TOKEN_CHARACTERS} or more, "
                "or leave out --token and have one made up"
            )
        return ", which asks for the token"

    def end(self, deadline: float) -> None:
        """Begin to close without waiting; leaving waits until `deadline`, by `time.monotonic`, at most."""
        self._deadline = min(self._deadline, deadline)
        # The server may have ended already, by a bug.
        with suppress(RuntimeError):
            self._stop()

    def __exit__(self, *error: object) -> None:
        """Close all connections."""
        self.end(time.monotonic() + END_SECONDS)
        self._thread.join(max(self._deadline - time.monotonic(), 0))
        # Not before: requests that are still answered would fail.
        self._worker.end(self._deadline)
        self._stack.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            # Raised where the start is waited for.
            self._started.set_exception(error)

    async def _serve(self) -> None:
        loop, ended, content = asyncio.get_running_loop(), asyncio.Event(), self._content()
        self._stop = partial(loop.call_soon_threadsafe, ended.set)
        server = self._open(content)
        self._started.set_result(None)
        await ended.wait()
        server.stop()
        await server.close_all_connections()
        deadline = time.monotonic() + CLOSE_SECONDS
        while content.is_streaming() and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        # Requests that wait for a reading are cancelled with the event loop, which Tornado would log.
        loop.set_exception_handler(lambda loop, context: None)

    def _open(self, content: Content) -> connections.Server:
        opened = connections.Connections(connections.connection_limit())
        access, port = Access(self.token, GuessLimit()), self._listening.getsockname()[1]
        application = web.Application(
            [("/", Page), *content.routes],
            default_handler_class=Handler,
            log_function=lambda handler: None,
            headers=headers_of(content.page),
            page=content.page,
            site=Site(access, opened, self._worker, port),
            **content.settings,
        )
        server = connections.Server(
            application,
            # The handlers have lower limits of their own, and answer what is too long.
            max_body_size=MAX_REFUSED_BYTES,
            max_header_size=MAX_HEADER_BYTES,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
        )
        server.accept_from(self._listening, opened)
        return server
