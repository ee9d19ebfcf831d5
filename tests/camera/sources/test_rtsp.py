"""RTSP: a camera of a few lines that speaks as much of the protocol as a client needs, fed by the real ffmpeg."""

import shutil
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import SourceError

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")

# A transport stream's packet, and how many of them go into one of RTP.
PACKET, PACKETS = 188, 7
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
TEST_CARD = "testsrc=size=160x120:rate=25"
SEND = [
    "ffmpeg",
    "-v",
    "error",
    "-re",
    "-f",
    "lavfi",
    "-i",
    TEST_CARD,
    "-c:v",
    "mpeg2video",
    "-g",
    "5",
    "-f",
    "mpegts",
    "-",
]


class Client(socketserver.StreamRequestHandler):
    server: "Camera"

    def handle(self) -> None:
        while (request := self.request_lines()) and not self.server.dying.is_set():
            method = request[0].split()[0]
            number = next(line for line in request if line.lower().startswith("cseq"))
            more = {
                "OPTIONS": "Public: DESCRIBE, SETUP, PLAY, TEARDOWN",
                "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}",
                "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1",
            }.get(method, "Range: npt=0-")
            answer = f"RTSP/1.0 200 OK\r\n{number}\r\nSession: 1\r\n{more}\r\n\r\n"
            self.wfile.write((answer + (SDP if method == "DESCRIBE" else "")).encode())
            if method == "PLAY":
                self.play()
                return

    def request_lines(self) -> list[str]:
        lines: list[str] = []
        while (line := self.rfile.readline().decode().strip()) or not lines:
            if not line:
                return []
            lines.append(line)
        return lines

    def play(self) -> None:
        self.server.viewers += 1
        with subprocess.Popen(SEND, stdout=subprocess.PIPE) as sender:
            assert sender.stdout
            try:
                for number in range(1 << 16):
                    payload = sender.stdout.read(PACKET * PACKETS)
                    if self.server.dying.is_set():
                        return
                    header = struct.pack(">BBHII", 0x80, 33, number, int(time.time() * 90000) & 0xFFFFFFFF, 1)
                    self.wfile.write(struct.pack(">cBH", b"$", 0, len(header + payload)) + header + payload)
            except OSError:
                self.server.left.set()
            finally:
                sender.kill()


class Camera(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Client)
        self.dying, self.left, self.viewers = threading.Event(), threading.Event(), 0
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def die(self) -> None:
        self.dying.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None: ...


@pytest.fixture
def rtsp_camera() -> Iterator[Callable[..., Camera]]:
    started: list[Camera] = []

    def start(port: int = 0) -> Camera:
        started.append(Camera(port))
        return started[-1]

    yield start
    for camera in started:
        if not camera.dying.is_set():
            camera.die()


def test_a_camera_that_speaks_rtsp_dies_and_comes_back(
    rtsp_camera: Callable[..., Camera], caplog: pytest.LogCaptureFixture
) -> None:
    first = rtsp_camera()
    url = f"rtsp://user:secret@127.0.0.1:{first.port}/stream"
    with open_source(Settings(url), Stop()) as source:
        frames = iter(source)
        before = next(frame for frame in frames if frame is not None)
        assert before.image.shape == (120, 160, 3)
        assert source.info.name == before.source == f"rtsp://***@127.0.0.1:{first.port}/stream"
        first.die()
        while not source.outage:
            before = next(frames) or before
        second = rtsp_camera(first.port)
        after = next(frame for frame in frames if frame is not None)
    assert after.number > before.number
    assert second.left.wait(60)
    lost, back = caplog.messages
    assert "/stream stopped after " in lost and "is back after " in back and "secret" not in lost + back


def test_an_address_where_nothing_answers_is_an_error_at_once() -> None:
    with (
        pytest.raises(SourceError, match=r"rtsp://127\.0\.0\.1:1/none does not open"),
        open_source(Settings("rtsp://127.0.0.1:1/none"), Stop()),
    ):
        pass
