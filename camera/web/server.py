"""The web view: a sink for views and events, and the server that shows them in a thread of its own."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Event
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web import connections, pictures, status
from mnist_edge.camera.web.access import Access, GuessLimit, new_token, stored_token
from mnist_edge.camera.web.controls import SetControls
from mnist_edge.camera.web.handler import MAX_REFUSED_BYTES, Handler, Site, TaskWorker, web
from mnist_edge.camera.web.loop_state import LoopState
from mnist_edge.camera.web.page import HEADERS, Page
from mnist_edge.camera.web.reading import Read
from mnist_edge.camera.worker import END_SECONDS
from mnist_edge.errors import UsageError
from mnist_edge.logs import UNMASKED
from mnist_edge.reading import Reading

# Many clients together can guess a shorter token in time; where only this computer is served, they cannot ask.
MIN_TOKEN_CHARACTERS = 8
MAX_HEADER_BYTES = 16_384
# How long a client may take for the headers of a request, and for the body, even if that comes fast enough.
IDLE_SECONDS = 10.0
BODY_SECONDS = 60.0
# How long the end waits for streams to notice that their clients were disconnected, and how often it looks.
CLOSE_SECONDS, POLL_SECONDS = END_SECONDS / 2, 0.01

ROUTES = (
    ("/", Page),
    ("/api/status", status.Status),
    ("/api/reading", status.CurrentReading),
    ("/api/events", status.Events),
    ("/api/controls", SetControls),
    ("/api/read", Read),
    ("/api/gallery", pictures.GalleryList),
    ("/files/[^/]+/[^/]+", pictures.GalleryFile),
    ("/thumbnails/[^/]+/[^/]+", pictures.GalleryThumbnail),
    ("/stream.mjpg", pictures.Stream),
    ("/snapshot.jpg", pictures.Snapshot),
    ("/healthz", status.Health),
    ("/metrics", status.Metrics),
)

logger = logging.getLogger(__name__)


class WebView:
    """Shows the loop in browsers and lets them control it: a sink that serves from a thread of its own.

    Attributes:
        url: The page's address, such as `http://127.0.0.1:8000`; empty until the view is entered.
        token: What clients must show; None where only this computer is served and none was given.
        state: What clients are shown; there once the view is entered.
    """

    state: LoopState

    def __init__(
        self,
        address: str,
        controls: Controls,
        meter: Meter,
        *,
        read: Callable[[NDArray[np.uint8]], Reading],
        token: str | None,
        gallery: pictures.Gallery | None = None,
        private: bool = True,
    ) -> None:
        """Check the address and the token; nothing is opened before the view is entered.

        Args:
            address: `[HOST:]PORT`, the host in brackets where it is IPv6; port 0 is any that is free.
            controls: What the page may change.
            meter: The loop's speed, which the page shows; counts the pictures that are sent.
            read: Reads a picture that a client sends, shape (height, width, 3), BGR; called in one thread.
            token: What clients must show; None for no token on this computer, and a new one beyond it.
            gallery: The snapshots and recordings that the page may show.
            private: Whether only the user sees what is logged, which may then hold a new token; else the token is
                stored in a file, which the log names.

        Raises:
            UsageError: The address or the token is none.
        """
        self._host, self._port = connections.parse_address(address)
        if token is not None and not token.strip():
            raise UsageError("the token is empty; give some letters, or leave out --token")
        self.url = ""
        self.token = token
        self._controls, self._meter, self._read = controls, meter, read
        self._gallery, self._private = gallery or pictures.Gallery(), private
        self._encoding, self._reading = TaskWorker("web view's pictures"), TaskWorker("web view's readings")
        self._thread = threading.Thread(target=self._run, name="web view", daemon=True)
        self._started: Future[None] = Future()
        self._stop: Callable[[], object] = lambda: None
        self._deadline = float("inf")
        self._stack = ExitStack()

    def __enter__(self) -> "WebView":
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
            stack.enter_context(self._encoding)
            stack.enter_context(self._reading)
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

    def show(self, view: View) -> None:
        """Show a view to all clients."""
        self.state.show(view)

    def write(self, events: Sequence[Event]) -> None:
        """Send one frame's events to all clients."""
        self.state.write(events)

    def beat(self) -> None:
        """Record a heartbeat of the loop, where there is nothing to show yet."""
        self.state.beat()

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
        for worker in (self._encoding, self._reading):
            worker.end(self._deadline)
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
        loop, ended, self.state = asyncio.get_running_loop(), asyncio.Event(), LoopState()
        self._stop = partial(loop.call_soon_threadsafe, ended.set)
        server = self._open()
        self._started.set_result(None)
        await ended.wait()
        server.stop()
        await server.close_all_connections()
        deadline = time.monotonic() + CLOSE_SECONDS
        while any(self.state.clients.values()) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        # Requests that wait for a reading are cancelled with the event loop, which Tornado would log.
        loop.set_exception_handler(lambda loop, context: None)

    def _open(self) -> connections.Server:
        opened = connections.Connections(connections.connection_limit())
        access, port = Access(self.token, GuessLimit()), self._listening.getsockname()[1]
        application = web.Application(
            ROUTES,
            default_handler_class=Handler,
            log_function=lambda handler: None,
            headers=HEADERS,
            site=Site(self.state, self._controls, self._meter, access, opened, self._reading, port),
            pictures=pictures.LivePictures(self.state, self._encoding, self._meter),
            gallery=self._gallery,
            thumbnail_lock=asyncio.Lock(),
            read=self._read,
            active_reads=[],
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
