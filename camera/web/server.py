"""The web page of a running loop: a sink for views and events that serves them from a thread of its own."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Event
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web.access import Access
from mnist_edge.camera.web.address import is_loopback, listen, parse_address, url_of
from mnist_edge.camera.web.feed import Feed
from mnist_edge.camera.web.gallery import Gallery
from mnist_edge.errors import UsageError
from mnist_edge.optional import require
from mnist_edge.reading import Reading

TOKEN_BYTES = 16


class WebView:
    """Shows the loop in browsers, and lets them steer it.

    Attributes:
        url: Where it is, such as `http://127.0.0.1:8000`; known once it is entered.
        token: What clients must show; None where it serves this computer only and none was given.
    """

    def __init__(
        self,
        address: str,
        controls: Controls,
        meter: Meter,
        *,
        read: Callable[[NDArray[np.uint8]], Reading],
        token: str | None,
        note: Callable[[str], None],
        gallery: Gallery | None = None,
    ) -> None:
        """Nothing is opened before it is entered.

        Args:
            address: `[HOST:]PORT`, the host in brackets where it is IPv6; port 0 is any that is free.
            controls: What the page may change.
            meter: What the page shows of the loop's speed; counts the pictures that are sent.
            read: Reads a picture that a client sends, shape (height, width, 3), BGR; called in one thread.
            token: What clients must show; None: nothing on this computer, beyond it one is made up.
            note: Told where the page is.
            gallery: Snapshots and recordings that the page may show.

        Raises:
            PackageMissing: Tornado is not installed.
            UsageError: The address or the token is none.
        """
        require("tornado", extra="web")
        self._host, self._port = parse_address(address)
        if token is not None and not token.strip():
            raise UsageError("the token is empty; give some letters, or leave out --token")
        self.url = ""
        self.token = token
        self._controls, self._meter, self._read, self._note = controls, meter, read, note
        self._gallery = gallery or Gallery()
        self._feed: Feed | None = None
        self._end: Callable[[float], None] = lambda deadline: None
        self._left = ExitStack()

    def __enter__(self) -> "WebView":
        """Serve.

        Raises:
            OutputError: The address is taken, forbidden or not this computer's.
        """
        # Not before it is wanted: Tornado takes a while to import.
        from mnist_edge.camera.web.service import start

        listening = listen(self._host, self._port)
        self.url = url_of(listening)
        made_up = self.token is None and not is_loopback(listening)
        if made_up:
            self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._feed, self._end = self._left.enter_context(
            start(listening, Access(self.token), self._controls, self._meter, self._read, self._gallery)
        )
        if made_up:
            self._note(f"note: web page at {self.url}/?token={self.token}")
        else:
            self._note(f"note: web page at {self.url}" + (", which asks for the token" if self.token else ""))
        return self

    def end(self, deadline: float) -> None:
        """Begin to close, without waiting; leaving waits until `deadline` at most, by `time.monotonic`."""
        self._end(deadline)

    def __exit__(self, *error: object) -> None:
        """Close all connections."""
        self._left.close()

    def show(self, view: View) -> None:
        """Take a view."""
        if self._feed:
            self._feed.show(view)

    def write(self, events: Sequence[Event]) -> None:
        """Take one frame's events."""
        if self._feed:
            self._feed.write(events)

    def beat(self) -> None:
        """A sign of the loop's life, where there is nothing to show yet."""
        if self._feed:
            self._feed.beat()
