"""The web view: a sink for views and events, which browsers see and by which they control the loop."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Happening
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web import pictures, status
from mnist_edge.camera.web.controls import SetControls
from mnist_edge.camera.web.handler import TaskWorker
from mnist_edge.camera.web.loop_state import Loop, LoopState
from mnist_edge.camera.web.page import PAGE
from mnist_edge.camera.web.reading import Read
from mnist_edge.camera.web.regions import SetRegions
from mnist_edge.camera.web.serving import Content, WebServer
from mnist_edge.camera.worker import END_SECONDS
from mnist_edge.reading import Reading

ROUTES = (
    ("/api/status", status.Status),
    ("/api/reading", status.CurrentReading),
    ("/api/events", status.Events),
    ("/api/controls", SetControls),
    ("/api/regions", SetRegions),
    ("/api/read", Read),
    ("/api/gallery", pictures.GalleryList),
    ("/files/[^/]+/[^/]+", pictures.GalleryFile),
    ("/thumbnails/[^/]+/[^/]+", pictures.GalleryThumbnail),
    ("/stream.mjpg", pictures.Stream),
    ("/snapshot.jpg", pictures.Snapshot),
    ("/healthz", status.Health),
    ("/metrics", status.Metrics),
)


class WebView:
    """Shows the loop in browsers and lets them control it: a sink that serves from a thread of its own.

    Attributes:
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
            address: As for `WebServer`, and so are `token` and `private`.
            controls: What the page may change.
            meter: The loop's speed, which the page shows; counts the pictures that are sent.
            read: Reads a picture that a client sends, shape (height, width, 3), BGR; called in one thread.
            token: What clients must show.
            gallery: The snapshots and recordings that the page may show.
            private: Whether only the user sees what is logged.

        Raises:
            UsageError: The address or the token is none.
        """
        self._controls, self._meter, self._read = controls, meter, read
        self._gallery = gallery or pictures.Gallery()
        self._encoding = TaskWorker("web view's pictures")
        self._server = WebServer(address, self._content, token=token, private=private, name="web view")
        self._deadline = float("inf")
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """The page's address; empty until the view is entered."""
        return self._server.url

    @property
    def token(self) -> str | None:
        """What clients must show; None where only this computer is served and none was given."""
        return self._server.token

    def __enter__(self) -> "WebView":
        """Start to serve; raises what `WebServer` does."""
        with ExitStack() as stack:
            stack.enter_context(self._encoding)
            # After the server, as requests that are still answered would fail.
            stack.callback(lambda: self._encoding.end(min(self._deadline, time.monotonic() + END_SECONDS)))
            stack.enter_context(self._server)
            self._stack = stack.pop_all()
        return self

    def show(self, view: View) -> None:
        """Show a view to all clients."""
        self.state.show(view)

    def write(self, events: Sequence[Happening]) -> None:
        """Send one frame's events to all clients."""
        self.state.write(events)

    def beat(self) -> None:
        """Record a heartbeat of the loop, where there is nothing to show yet."""
        self.state.beat()

    def end(self, deadline: float) -> None:
        """Begin to close without waiting; leaving waits until `deadline`, by `time.monotonic`, at most."""
        self._deadline = min(self._deadline, deadline)
        self._server.end(deadline)

    def __exit__(self, *error: object) -> None:
        """Close all connections."""
        self.end(time.monotonic() + END_SECONDS)
        self._stack.close()

    def _content(self) -> Content:
        self.state = state = LoopState()
        return Content(
            PAGE,
            ROUTES,
            {
                "loop": Loop(state, self._controls, self._meter),
                "pictures": pictures.LivePictures(state, self._encoding, self._meter),
                "gallery": self._gallery,
                "thumbnail_lock": asyncio.Lock(),
                "read": self._read,
                "active_reads": [],
            },
            is_streaming=lambda: any(state.clients.values()),
        )
