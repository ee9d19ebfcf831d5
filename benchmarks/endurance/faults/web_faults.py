"""Faults of the web page's clients: they stall, come in crowds, or send nonsense."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from mnist_edge.benchmarks.endurance.faults.fault import Fault, Outcome, end, fake_camera, outcome_of
from mnist_edge.benchmarks.harness.camera_process import CameraProcess
from mnist_edge.benchmarks.harness.viewers import TIMEOUT_SECONDS, Client, watch_page

# The loop's rate is measured over so long, and the page asked for its health so often meanwhile.
MEASURE_SECONDS, HEALTH_SECONDS = 3.0, 0.25
# So much of the rate before must be left.
MIN_SHARE = 0.5
CROWD = 50
# Several times as many as are ever let in.
HELD = 500
# Frames a second: not as fast as the camera can, or others on this computer would count.
RATE = 15
STREAM = b"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
# All buffers between a client that reads nothing and the page are full after this.
FULL_SECONDS = 2.0
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
NONSENSE_SECONDS = 0.01

# Take the address of a page, and use it while the block runs.
Clients = Callable[[str], AbstractContextManager[list[Client]]]


def endure(come: Clients, folder: Path) -> Outcome:
    """Have clients come: the loop must not slow down, and others must be served."""
    with fake_camera(folder, "--rate", str(RATE), "--events", "-") as camera:
        camera.wait_until_it_reads()
        before, _ = _rate(camera)
        with come(camera.url) as clients:
            during, healthy = _rate(camera)
        frames = camera.frames_read()
        seconds = camera.seconds_until(lambda: camera.frames_read() > frames)
        after, healthy_after = _rate(camera)
        served, refused = (sum(bool(getattr(client, what)) for client in clients) for what in ("done", "refused"))
        promises = {
            f"the rate fell from {before} to {during} frames per second": during >= MIN_SHARE * before > 0,
            f"the rate was {before} before, and {after} afterwards": after >= MIN_SHARE * before,
            "/healthz was not always 200": healthy and healthy_after,
            f"{served} clients were served, {refused} refused, of {len(clients)}": (
                served > 0 and served + refused == len(clients)
            ),
            **end(camera),
        }
        rates = {"before": before, "during": during, "after": after}
        return outcome_of(camera, seconds, promises, {"fps": rates, "served": served, "refused": refused})


@contextmanager
def stuck_viewer(url: str) -> Iterator[list[Client]]:
    """Have one client ask for the live picture and read nothing, beside one that reads."""
    with socket.socket() as stuck, watch_page(url, 1) as clients:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(_address(url))
        stuck.sendall(STREAM)
        time.sleep(FULL_SECONDS)
        yield clients


@contextmanager
def send_nonsense(url: str) -> Iterator[list[Client]]:
    """Have one client send what is no request, again and again, and close without reading the answer."""
    client, ended = Client(), Event()

    def send() -> None:
        waiting: list[socket.socket] = []
        for request in cycle(NONSENSE):
            with suppress(OSError):
                waiting.append(socket.create_connection(_address(url), TIMEOUT_SECONDS))
                waiting[-1].sendall(request)
                client.done += 1
            # Some are open for a while, as those that never end would be.
            while len(waiting) > (0 if ended.is_set() else len(NONSENSE)):
                waiting.pop(0).close()
            if ended.wait(NONSENSE_SECONDS):
                return

    thread = Thread(target=send, daemon=True)
    thread.start()
    try:
        yield [client]
    finally:
        ended.set()
        thread.join(TIMEOUT_SECONDS)


@contextmanager
def hold(url: str) -> Iterator[list[Client]]:
    """Open many connections that begin a request and send no more, beside one client that watches."""
    with ExitStack() as held, watch_page(url, 1) as clients:
        for _ in range(HELD):
            connection = held.enter_context(socket.create_connection(_address(url), TIMEOUT_SECONDS))
            with suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\n")
        yield clients


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


def _rate(camera: CameraProcess) -> tuple[float, bool]:
    """Frames read per second, and whether `/healthz` answered well all that time."""
    healthy, began, first = True, time.monotonic(), camera.frames_read()
    while time.monotonic() - began < MEASURE_SECONDS:
        healthy &= camera.health() == 200
        time.sleep(HEALTH_SECONDS)
    return round((camera.frames_read() - first) / (time.monotonic() - began), 1), healthy


WEB_FAULTS = (
    Fault("viewer stuck", "a web viewer that stops reading, beside one that goes on", partial(endure, stuck_viewer)),
    Fault("crowd", f"{CROWD} web viewers at once", partial(endure, partial(watch_page, count=CROWD))),
    Fault("held connections", f"{HELD} connections that say nothing, beside a viewer", partial(endure, hold)),
    Fault("nonsense", "a client that sends garbage, and requests without an end", partial(endure, send_nonsense)),
)
