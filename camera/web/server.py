"""The web page of a running loop: a sink for views and events that serves them from a thread of its own."""

import logging
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
from mnist_edge.camera.web.guesses import Guesses
from mnist_edge.camera.web.token import kept_token, made_up_token
from mnist_edge.errors import UsageError
from mnist_edge.logs import UNMASKED
from mnist_edge.optional_packages import require
from mnist_edge.reading import Reading

# Fewer characters can be guessed by many who take their time, and no network is only one's own.
MIN_TOKEN_CHARACTERS = 8

logger = logging.getLogger(__name__)


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
        gallery: Gallery | None = None,
        private: bool = True,
    ) -> None:
        """Nothing is opened before it is entered.

        Args:
            address: `[HOST:]PORT`, the host in brackets where it is IPv6; port 0 is any that is free.
            controls: What the page may change.
            meter: What the page shows of the loop's speed; counts the pictures that are sent.
            read: Reads a picture that a client sends, shape (height, width, 3), BGR; called in one thread.
            token: What clients must show; None: nothing on this computer, beyond it one is made up.
            gallery: Snapshots and recordings that the page may show.
            private: Whether none but the owner reads the log, so that a token that is made up may stand in it; else
                it is kept in a file, which the log names.

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
        self._controls, self._meter, self._read = controls, meter, read
        self._gallery = gallery or Gallery()
        self._private = private
        self._feed: Feed | None = None
        self._end: Callable[[float], None] = lambda deadline: None
        self._left = ExitStack()

    def __enter__(self) -> "WebView":
        """Serve.

        Raises:
            OutputError: The address is taken, forbidden or not this computer's.
            UsageError: A token would have to be kept in a file, and the user has no home; or other computers can reach
                the page, and the token is short.
            OSError: That file cannot be written.
        """
        # Not before it is wanted: Tornado takes a while to import.
        from mnist_edge.camera.web.service import start

        with ExitStack() as left:
            listening = left.enter_context(listen(self._host, self._port))
            self.url = url_of(listening)
            how = self._provide_token(is_loopback(listening))
            access = Access(self.token, Guesses())
            self._feed, self._end = left.enter_context(
                start(listening, access, self._controls, self._meter, self._read, self._gallery)
            )
            self._left = left.pop_all()
        # With a token that was made up; see `private`.
        logger.info("web page at %s%s", self.url, how, extra=UNMASKED)
        return self

    def _provide_token(self, local: bool) -> str:
        """Make a token up where one is needed and none was given; what to say, after the address, of how to show it."""
        if self.token is not None and not local and len(self.token) < MIN_TOKEN_CHARACTERS:
            raise UsageError(
                f"a token of {len(self.token)} characters can be guessed; give {MIN_TOKEN_CHARACTERS} or more, "
                "or leave out --token and have one made up"
            )
        if self.token is None and not local:
            if self._private:
                self.token = made_up_token()
                return f"/?token={self.token}"
            self.token, file = kept_token()
            return f", which asks for the token in {file}"
        return ", which asks for the token" if self.token else ""

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
