"""A webhook: each row that is taken is posted to an address as JSON."""

import logging
import time
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from mnist_edge.camera.events import Happening
from mnist_edge.camera.rows import Row
from mnist_edge.camera.worker import BackgroundSink, Worker
from mnist_edge.errors import UsageError

# Rows that may wait for a server that is away; then the oldest wait on, and new ones are lost, which is logged.
MAX_ROWS = 1000
# How long the server may take, and how long is waited before each further try.
TIMEOUT_SECONDS = 10.0
RETRY_SECONDS = (1.0, 5.0, 30.0)

logger = logging.getLogger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that has moved is an error: what is posted is for the address that the user named, and no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


class PostSink(BackgroundSink):
    """Posts rows to a server, in order, each until it is accepted or was tried four times. Certificates are checked."""

    def __init__(self, url: str) -> None:
        """Check the address; nothing is sent before the first row.

        Raises:
            UsageError: It is no address of http or https, or holds a password, which headers of proxies would show.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(one.isspace() for one in url):
            raise UsageError("--post wants an address such as https://example.org/rows")
        if "@" in parts.netloc:
            raise UsageError("--post takes no user and password in the address; put a secret token into its path")
        self._url, self._host = url, parts.netloc
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._away = False
        self._ends_at = float("inf")
        self.worker = Worker(f"rows for {self._host}", self._post, limit=MAX_ROWS)

    def write(self, events: Sequence[Happening]) -> None:
        """Queue what was taken; changes of single digits are not posted."""
        self.worker.put(*(one for one in events if isinstance(one, Row)))

    def end(self, deadline: float) -> None:
        """See `Worker.end`; what is on its way is not tried again."""
        self._ends_at = min(self._ends_at, deadline)
        super().end(deadline)

    def _post(self, row: Row) -> None:
        body, headers = row.to_line().encode(), {"Content-Type": "application/json"}
        why = ""
        for wait in (*RETRY_SECONDS, None):
            request = urllib.request.Request(self._url, body, headers, method="POST")
            try:
                with self._opener.open(request, timeout=TIMEOUT_SECONDS):
                    pass
            except HTTPError as error:
                error.close()
                why = f"it answered {error.code}"
                # It will not like the same any better later.
                if error.code < 500 and error.code not in (408, 425, 429):
                    break
            except (URLError, OSError, ValueError) as error:
                why = str(getattr(error, "reason", "") or error or type(error).__name__)
            else:
                if self._away:
                    self._away = False
                    logger.info("%s takes rows again", self._host)
                return
            if wait is None or time.monotonic() + wait > self._ends_at:
                break
            if not self._away:
                self._away = True
                logger.warning("%s does not take rows (%s); they are tried again", self._host, why)
            self._sleep(wait)
        logger.warning("a row was not posted to %s: %s", self._host, why)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < min(until, self._ends_at):
            time.sleep(0.05)
