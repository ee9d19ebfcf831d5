"""Faults of those who look at the web page: clients that stall, come in crowds, or send nonsense."""

import json
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, end, judge
from mnist_edge.benchmarks.endurance.soak import free_port
from mnist_edge.benchmarks.harness.camera_process import start_camera

# So long the loop's rate is measured.
MEASURE_SECONDS = 3.0
# Of the rate before, what must be left.
MIN_SHARE = 0.5
ANSWER_SECONDS = 10.0
CROWD = 50
# As many again as are ever let in, several times.
HELD = 500
# Not as fast as it can, or others on this computer would count.
RATE = 15
STREAM = b"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CONTROLS = b"POST /api/controls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
PICTURE = b"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
# The last two promise a body that never comes, and begin a request that never ends.
NONSENSE = (
    random.Random(0).randbytes(100_000),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n",
    CONTROLS + b"Content-Length: -5\r\n\r\n{",
    CONTROLS + b"Content-Length: 5\r\n\r\n[[[[[",
    PICTURE + b"Content-Length: 8\r\n\r\n\x89PNG\r\n\x1a\n",
    PICTURE + b"Content-Length: 1000000\r\n\r\n",
    b"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0",
)


@dataclass(slots=True)
class Client:
    """One that uses the page.

    Attributes:
        done: Pictures that it got, or requests that it sent.
        refused: Whether it was told that there are too many.
    """

    done: int = 0
    refused: bool = False


# Come to a port while the block runs.
Clients = Callable[[int], AbstractContextManager[list[Client]]]


def endure(come: Clients, folder: Path) -> Outcome:
    """Have clients come: the loop must not care, and others must be served."""
    port = free_port()
    with start_camera(folder, "--source", "fake", "--rate", str(RATE), "--events", "-", "--serve", str(port)) as camera:
        camera.wait_until_it_reads()
        before, _ = _rate(port)
        with come(port) as clients:
            during, healthy = _rate(port)
        ended, frames = time.monotonic(), frames_read(port)
        reads = camera.wait_for(lambda: frames_read(port) > frames)
        seconds = round(time.monotonic() - ended, 2)
        after, healthy_after = _rate(port)
        served, refused = sum(one.done > 0 for one in clients), sum(one.refused for one in clients)
        return judge(
            camera,
            seconds if reads else None,
            {
                f"the rate fell from {before} to {during} frames per second": during >= MIN_SHARE * before > 0,
                f"the rate was {before} before, and {after} afterwards": after >= MIN_SHARE * before,
                "/healthz was not always 200": healthy and healthy_after,
                f"{served} clients were served, {refused} refused, of {len(clients)}": (
                    served > 0 and served + refused == len(clients)
                ),
                **end(camera),
            },
            {"fps": {"before": before, "during": during, "after": after}, "served": served, "refused": refused},
        )


@contextmanager
def stuck_viewer(port: int) -> Iterator[list[Client]]:
    """One that asks for the live picture and reads nothing, beside one that reads."""
    with socket.socket() as stuck, look(port, 1) as clients:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", port))
        stuck.sendall(STREAM)
        # Until all that lies between is full.
        time.sleep(2.0)
        yield clients


@contextmanager
def look(port: int, count: int) -> Iterator[list[Client]]:
    """So many that look at the live picture."""
    clients, ended = [Client() for _ in range(count)], Event()

    def view(client: Client) -> None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/stream.mjpg", timeout=ANSWER_SECONDS) as stream:
                while not ended.is_set() and (part := stream.read1(1 << 16)):
                    client.done += part.count(b"Content-Type: image/jpeg")
        except HTTPError as error:
            client.refused = error.code == 503
        except OSError:
            pass

    threads = [Thread(target=view, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        ended.set()
        for thread in threads:
            thread.join(ANSWER_SECONDS)


@contextmanager
def send_nonsense(port: int) -> Iterator[list[Client]]:
    """One that sends what is no request, again and again, and leaves without a word."""
    one, ended = Client(), Event()

    def send() -> None:
        waiting: list[socket.socket] = []
        for request in cycle(NONSENSE):
            with suppress(OSError):
                waiting.append(socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS))
                waiting[-1].sendall(request)
                one.done += 1
            # Some are open for a while, as those that never end would be.
            while len(waiting) > (0 if ended.is_set() else len(NONSENSE)):
                waiting.pop(0).close()
            if ended.wait(0.01):
                return

    thread = Thread(target=send, daemon=True)
    thread.start()
    try:
        yield [one]
    finally:
        ended.set()
        thread.join(ANSWER_SECONDS)


@contextmanager
def hold(port: int) -> Iterator[list[Client]]:
    """Many connections that begin a request and say no more, beside one that looks at the live picture."""
    with ExitStack() as held, look(port, 1) as clients:
        for _ in range(HELD):
            one = held.enter_context(socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS))
            with suppress(OSError):
                one.sendall(b"GET / HTTP/1.1\r\n")
        yield clients


def ask(port: int, path: str, wishes: Mapping[str, Any] | None = None) -> Any:
    """A JSON document of the web page, after sending it wishes."""
    body = None if wishes is None else json.dumps(wishes).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=ANSWER_SECONDS) as answer:
        return json.load(answer)


def frames_read(port: int) -> int:
    """By the camera with this page, until now."""
    return int(ask(port, "/api/status")["stats"]["frames"])


def _rate(port: int) -> tuple[float, bool]:
    """Frames read per second, and whether `/healthz` was well all that time."""
    healthy, began, first = True, time.monotonic(), frames_read(port)
    while time.monotonic() - began < MEASURE_SECONDS:
        healthy &= health(port) == 200
        time.sleep(0.25)
    return round((frames_read(port) - first) / (time.monotonic() - began), 1), healthy


def health(port: int) -> int:
    """What `/healthz` answers; 0 where nothing does."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=ANSWER_SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


WEB_FAULTS = (
    Fault("viewer stuck", "a web viewer that stops reading, beside one that goes on", partial(endure, stuck_viewer)),
    Fault("crowd", f"{CROWD} web viewers at once", partial(endure, partial(look, count=CROWD))),
    Fault("held connections", f"{HELD} connections that say nothing, beside a viewer", partial(endure, hold)),
    Fault("nonsense", "a client that sends garbage, and requests without an end", partial(endure, send_nonsense)),
)
