"""Pictures, streams and videos that claim to be large: refused by their headers, with the limit in the message."""

import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.endurance.bombs import avi, claiming, gif, png
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2

MAX_GROWTH_MB = 300
LARGE = (15_000, 15_000)
READ = "from mnist_edge.camera.images import read_image; read_image(sys.argv[1])"
OPEN = """from mnist_edge.camera.sources import open_source; from mnist_edge.camera.settings import Settings
    from mnist_edge.camera.signals import Stop
    with open_source(Settings(sys.argv[1]), Stop()) as source: list(source)"""
COMMAND = (sys.executable, "-m", "mnist_edge")


def jpeg(size: tuple[int, int] = (64, 48), level: int = 200) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((size[1], size[0], 3), level, np.uint8))[1])


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", png((20_000, 12_000))), ("a.gif", gif(LARGE))], ids=["png", "gif"]
)
@pytest.mark.parametrize("script", [READ, OPEN], ids=["read", "camera"])
def test_a_small_picture_of_many_pixels_takes_little_memory(
    tmp_path: Path, growth: Callable[[str, Path], tuple[float, str]], script: str, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert len(content) < 100_000
    grown, said = growth(script, path)
    assert "allow more with --max-megapixels" in said and grown < MAX_GROWTH_MB


def test_a_video_of_large_frames_takes_little_memory(
    tmp_path: Path, growth: Callable[[str, Path], tuple[float, str]]
) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(avi([claiming(jpeg(), LARGE)] * 30, LARGE))
    grown, said = growth(OPEN, path)
    assert "has 15000x15000 pixels, more than 50,000,000; make it smaller, or allow more with" in said
    assert grown < MAX_GROWTH_MB


def test_frames_that_grow_in_the_middle_of_a_video_take_little_memory(
    tmp_path: Path, growth: Callable[[str, Path], tuple[float, str]]
) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(avi([jpeg()] * 5 + [jpeg((11_000, 11_000))], (64, 48)))
    assert path.stat().st_size < 2_000_000
    grown, _ = growth(OPEN, path)
    assert grown < MAX_GROWTH_MB


def camera(source: str, *flags: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [*COMMAND, "camera", "--source", source, "--no-window", *flags]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)


def test_jpegs_on_standard_input_that_claim_to_be_large_are_named() -> None:
    done = camera("-", stdin=claiming(jpeg(), (12_000, 12_000)) * 200)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1
    assert b"(the last has 12000x12000 pixels, more than 50,000,000;" in done.stderr


def test_a_large_picture_in_a_stream_is_passed_over_as_a_damaged_one() -> None:
    done = camera("-", stdin=jpeg() * 3 + claiming(jpeg(), (12_000, 12_000)) + jpeg() * 3)
    assert done.returncode == 0 and b"6 frames" in done.stderr


@pytest.mark.parametrize("kind", ["picture", "folder", "video", "standard input"])
def test_the_limit_can_be_set(tmp_path: Path, kind: str) -> None:
    path, sent = tmp_path / "a.jpg", jpeg((640, 480))
    path.write_bytes(sent)
    (tmp_path / "a.avi").write_bytes(avi([sent] * 3, (640, 480)))
    source = {"picture": str(path), "folder": str(tmp_path), "video": str(tmp_path / "a.avi")}.get(kind, "-")
    small, large = (camera(source, "--max-megapixels", limit, stdin=sent * 3) for limit in ("0.3", "0.31"))
    assert small.returncode == 1 and b"640x480 pixels, more than 300,000;" in small.stderr
    assert large.returncode == 0


def test_read_has_the_same_flag(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg((640, 480)))
    command = [*COMMAND, "read", str(path), "--max-megapixels"]
    small, large = (subprocess.run([*command, most], capture_output=True, check=False) for most in ("0.3", "0.31"))
    assert small.returncode == 1 and b"more than 300,000; make it smaller, or allow more" in small.stderr
    assert large.returncode == 0


class Bomb(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(avi([claiming(jpeg(), LARGE)] * 3, LARGE))

    def log_message(self, *args: object) -> None: ...


def test_a_stream_over_http_has_the_limit() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bomb)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(f"http://127.0.0.1:{server.server_port}/a.avi", max_retries=0)
    with pytest.raises(SourceError, match="15000x15000 pixels, more than"), open_source(settings, Stop()):
        pass
    server.shutdown()
    server.server_close()
