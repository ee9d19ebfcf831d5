"""Clients that watch the web page's live picture, each in a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import urlopen

TIMEOUT_SECONDS = 10.0


@dataclass(slots=True)
class Client:
    """One client of the web page.

    Attributes:
        done: Pictures that it got, or requests that it sent.
        refused: Whether the page answered that there are too many clients.
    """

    done: int = 0
    refused: bool = False


@contextmanager
def watch_page(url: str, count: int, timeout_s: float = TIMEOUT_SECONDS) -> Iterator[list[Client]]:
    """Have clients watch the live picture while the block runs.

    Args:
        url: Of the page.
        count: How many clients.
        timeout_s: How long each waits for an answer, or the next part of one.
    """
    clients, ended = [Client() for _ in range(count)], Event()

    def watch(client: Client) -> None:
        try:
            with urlopen(f"{url}/stream.mjpg", timeout=timeout_s) as stream:
                while not ended.is_set() and (part := stream.read1(1 << 16)):
                    client.done += part.count(b"Content-Type: image/jpeg")
        except HTTPError as error:
            client.refused = error.code == 503
        # The page may end before its clients do.
        except (OSError, HTTPException):
            pass

    threads = [Thread(target=watch, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        ended.set()
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
