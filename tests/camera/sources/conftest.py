"""A network camera that sends MJPEG over HTTP, stalls and dies on request; pictures, and open descriptors."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.opencv import cv2
from tests.helpers import PATIENCE_SECONDS, as_part


def grey_jpeg(level: int) -> bytes:
    """A JPEG of 64x48 pixels of one grey level."""
    return bytes(cv2.imencode(".jpg", np.full((48, 64, 3), level % 256, np.uint8))[1])


def jpeg(level: int = 120, size: tuple[int, int] = (64, 48), quality: int = 90) -> bytes:
    """A JPEG of one grey level, as senders encode it."""
    image = np.full((size[1], size[0], 3), level, np.uint8)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


class NetworkCamera(ThreadingHTTPServer):
    """A stream of the JPEGs that `part` makes by their numbers; may stop sending, or disconnect its viewers."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, part: Callable[[int], bytes] = grey_jpeg) -> None:
        super().__init__(("127.0.0.1", port), Viewer)
        self.part = part
        self.frame = 0
        self.stalled = self.dying = False
        self.viewers = 0
        self.disconnected = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/live.mjpg"
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def die(self) -> None:
        self.dying = True
        self.shutdown()
        self.server_close()
        self.thread.join(PATIENCE_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class Viewer(BaseHTTPRequestHandler):
    server: NetworkCamera

    def do_GET(self) -> None:
        self.server.viewers += 1
        self.server.stalled = False
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace;boundary=cut")
        self.end_headers()
        with suppress(OSError):
            while not self.server.dying:
                if not self.server.stalled:
                    self.server.frame += 1
                    self.wfile.write(as_part(self.server.part(self.server.frame)))
                time.sleep(0.02)
        self.server.disconnected.set()
        self.connection.close()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def network_camera() -> Iterator[Callable[..., NetworkCamera]]:
    """`network_camera(port, part)`: starts a `NetworkCamera` that ends with the test."""
    started: list[NetworkCamera] = []

    def start(port: int = 0, part: Callable[[int], bytes] = grey_jpeg) -> NetworkCamera:
        started.append(NetworkCamera(port, part))
        return started[-1]

    yield start
    for camera in started:
        if not camera.dying:
            camera.die()


@pytest.fixture
def no_descriptor_is_left_open() -> Iterator[None]:
    """A test that leaves a descriptor open fails."""
    count: Callable[[], int] = lambda: len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: E731
    before = count()
    yield
    assert count() <= before
