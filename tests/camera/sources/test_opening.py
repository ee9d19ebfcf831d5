"""Sources: real files, real sockets, fake cameras; all end in frames or in one clear error, and none hangs."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame, Source, SourceInfo
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2
from tests.camera.sources.conftest import NetworkCamera

Image = NDArray[np.uint8]
WriteVideo = Callable[[Path, list[Image]], Path]


def opened(source: str, stop: Stop | None = None, **settings: Any) -> AbstractContextManager[Source]:
    return open_source(Settings(source, **settings), stop or Stop())


def frames_in(source: Source) -> list[Frame]:
    return [frame for frame in source if frame is not None]


def following(frames: Iterator[Frame | None]) -> Frame:
    return next(frame for frame in frames if frame is not None)


def frames_from(source: str, **settings: Any) -> list[Frame]:
    with opened(source, **settings) as entered:
        return frames_in(entered)


def counting(count: int) -> list[Image]:
    return [np.full((120, 160, 3), 8 * number, np.uint8) for number in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_video_gives_every_frame_in_order(tmp_path: Path, write_video: WriteVideo, suffix: str) -> None:
    path = write_video(tmp_path / f"clip{suffix}", counting(30))
    with opened(str(path)) as source:
        frames = frames_in(source)
        assert source.dropped == 0
        assert source.info == SourceInfo(str(path), live=False, timed=True, rate=25.0, size=(160, 120))
    assert [frame.number for frame in frames] == list(range(30))
    assert np.allclose([frame.image.mean() for frame in frames], [8 * n for n in range(30)], atol=6)
    assert frames[-1].seconds == pytest.approx(29 / 25)
    assert frames[0].source == str(path)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.mkv", "clip.gif", "no-suffix"])
def test_videos_that_ffmpeg_made(tmp_path: Path, name: str) -> None:
    made = tmp_path / (name if "." in name else "clip.mov")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=1:size=160x120:rate=10", "-threads", "1"]
    subprocess.run([*command, str(made)], check=True)
    made.rename(tmp_path / name)
    assert len(frames_from(str(tmp_path / name))) == 10


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm"])
def test_the_times_of_a_real_video_of_variable_rate(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    # Ten frames a tenth of a second apart, then five with half a second between them.
    times = "if(lt(N,10),N*0.1,1+(N-10)*0.5)/TB"
    source = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-vf", f"setpts='{times}'", "-frames:v", "15"]
    command = ["ffmpeg", "-v", "error", *source, "-fps_mode", "passthrough", "-threads", "1", str(path)]
    subprocess.run(command, check=True)
    expected = [number / 10 for number in range(10)] + [1 + number / 2 for number in range(5)]
    assert [frame.seconds for frame in frames_from(str(path))] == pytest.approx(expected, abs=0.02)


def cut_short(path: Path, write_video: WriteVideo) -> Path:
    content = write_video(path, counting(30)).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def test_a_video_that_is_cut_short_gives_what_it_has_and_then_says_so(tmp_path: Path, write_video: WriteVideo) -> None:
    path = cut_short(tmp_path / "cut.avi", write_video)
    got: list[Frame] = []
    with pytest.raises(SourceError, match=r"cut\.avi ends after \d+ of 30 frames"), opened(str(path)) as cut:
        got.extend(frame for frame in cut if frame is not None)
    assert 0 < len(got) < 25


def test_files_that_are_no_video_are_one_clear_error(tmp_path: Path, write_video: WriteVideo) -> None:
    (tmp_path / "text.mp4").write_text("these are words\n" * 500)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    (tmp_path / "folder").mkdir()
    cut_short(tmp_path / "cut.mp4", write_video)
    expected = {
        "text.mp4": "is text, not a video",
        "empty.mp4": "is empty",
        "noise.mp4": "does not open as a video",
        "cut.mp4": "does not open as a video",
        "folder": "names no picture",
        "missing.mp4": "there is no ",
    }
    for name, reason in expected.items():
        with pytest.raises(SourceError, match=reason) as caught:
            frames_from(str(tmp_path / name))
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_opencv_says_nothing_of_its_own_on_the_command_line(tmp_path: Path, write_video: WriteVideo) -> None:
    path = cut_short(tmp_path / "cut.mp4", write_video)
    for source in (str(path), "63", "/dev/zero"):
        flags = ["--source", source, "--no-window", "--max-retries", "0"]
        command = [sys.executable, "-m", "mnist_edge", "camera", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path, write_video: WriteVideo) -> None:
    path = write_video(tmp_path / "clip.avi", counting(3))
    path.chmod(0)
    with pytest.raises(SourceError, match="may not be read"):
        frames_from(str(path))


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(SourceError, match=r"camera.* plug"):
        frames_from("63")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_that_is_no_camera() -> None:
    with pytest.raises(SourceError, match="/dev/zero"):
        frames_from("/dev/zero")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_says_nothing_is_an_error_in_bounded_time(silent_port: int, scheme: str) -> None:
    url = f"{scheme}://user:secret@127.0.0.1:{silent_port}/stream"
    with pytest.raises(SourceError, match="does not open") as caught:
        frames_from(url, timeout=0.5)
    assert "secret" not in str(caught.value)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def serve() -> Iterator[Callable[[Any], ThreadingHTTPServer]]:
    started: list[ThreadingHTTPServer] = []

    def start(handler: Any) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_a_network_camera_is_live_and_disconnected_at_the_end(network_camera: Callable[..., NetworkCamera]) -> None:
    camera = network_camera()
    with opened(camera.url) as source:
        frames = iter(source)
        numbers = [following(frames).number for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert camera.disconnected.wait(10)


def test_a_video_behind_a_url_loses_no_frame(
    tmp_path: Path, write_video: WriteVideo, serve: Callable[[Any], Any]
) -> None:
    write_video(tmp_path / "clip.mp4", counting(30))
    server = serve(partial(Quiet, directory=str(tmp_path)))
    assert len(frames_from(f"http://127.0.0.1:{server.server_port}/clip.mp4")) == 30


@pytest.mark.parametrize("name", ["x" * 5000, "", "/dev/video63", "no*thing"])
def test_a_name_that_is_none_is_one_error(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        frames_from(name)
    assert "\n" not in str(caught.value)


class AskedCamera:
    """`cv2.VideoCapture` of a camera that can do 1280x720 at the most, and 15 frames a second."""

    def __init__(self, device: str, backend: int) -> None:
        self.device = device
        self.asked: list[tuple[int, float]] = []
        self.size = [640, 480]

    def isOpened(self) -> bool:
        return True

    def set(self, property: int, value: float) -> bool:
        self.asked.append((property, value))
        if property == cv2.CAP_PROP_FRAME_WIDTH:
            self.size[0] = min(int(value), 1280)
        if property == cv2.CAP_PROP_FRAME_HEIGHT:
            self.size[1] = min(int(value), 720)
        return True

    def get(self, property: int) -> float:
        return 15.0 if property == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, Any]:
        return True, np.zeros((self.size[1], self.size[0], 3), np.uint8)

    def release(self) -> None: ...


def test_a_camera_is_asked_for_size_and_rate_and_what_it_does_instead_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cameras: list[AskedCamera] = []

    def make(device: str, backend: int) -> AskedCamera:
        cameras.append(AskedCamera(device, backend))
        return cameras[-1]

    monkeypatch.setattr(cv2, "VideoCapture", make)
    settings = Settings("0", resolution="1920x1080", rate=30)
    with open_source(settings, Stop()) as source:
        assert following(iter(source)).image.shape == (720, 1280, 3)
        assert source.info == SourceInfo("camera 0", live=True, rate=15.0, size=(1280, 720))
    assert caplog.messages == [
        "camera 0 delivers 1280x720 pixels instead of 1920x1080 and 15 frames a second instead of 30"
    ]
    asked = [property for property, _ in cameras[0].asked]
    # A driver takes the size by the format that was chosen, so that comes first.
    wanted = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert [property for property in asked if property in wanted] == wanted


def test_a_camera_is_left_as_it_is_where_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = AskedCamera("/dev/video0", 0)
    monkeypatch.setattr(cv2, "VideoCapture", lambda device, backend: camera)
    with opened("0") as source:
        following(iter(source))
    assert camera.asked == [(cv2.CAP_PROP_BUFFERSIZE, 1)]


@pytest.mark.parametrize("source", ["0", "picamera", "http://127.0.0.1:1/x", "rtsp://127.0.0.1:1/x", "-", "fake"])
def test_nothing_is_opened_before_it_is_entered(source: str) -> None:
    threads = threading.active_count()
    opened(source)
    assert threading.active_count() == threads
