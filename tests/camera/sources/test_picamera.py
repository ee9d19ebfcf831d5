"""The Raspberry Pi's camera, against a stand-in with picamera2's own interface and habits."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import PackageMissing, SourceError

SCENE_BGR = (200, 100, 50)


class Picamera2:
    """Behaves as the real one does in what is used of it.

    Sizes must be even and are made so, names of formats run from the last byte to the first, one process has the
    camera at a time, and nothing can be captured before it was configured and started.
    """

    made: ClassVar[list["Picamera2"]]
    cameras = 1
    fault: Exception | None = None
    is_open = started = False

    def __init__(self, camera_num: int = 0) -> None:
        found = ["a camera"] * self.cameras
        self.camera = found[camera_num]
        if any(other.is_open for other in self.made):
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.is_open = True
        self.config: dict[str, Any] = {}
        self.unplugged = threading.Event()
        self.made.append(self)

    def create_video_configuration(
        self, main: dict[str, Any] | None = None, controls: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        main = {"format": "XBGR8888", "size": (1280, 720)} | (main or {})
        width, height = main["size"]
        return {"main": main | {"size": (width - width % 2, height - height % 2)}, "controls": controls or {}}

    def configure(self, config: dict[str, Any]) -> None:
        assert self.is_open and not self.started
        assert type(config["main"]["size"]) is tuple
        if self.fault:
            raise self.fault
        self.config = config

    def start(self) -> None:
        assert self.config
        self.started = True

    def capture_array(self, name: str = "main", wait: Any = None, signal_function: Any = None) -> NDArray[np.uint8]:
        assert name == "main" and self.started
        if self.unplugged.wait(0.005):
            # A real one waits for the frame that does not come: for ever, or as long as it was told to.
            Future[None]().result(timeout=wait)
        width, height = self.config["main"]["size"]
        blue, green, red = SCENE_BGR
        orders = {"RGB888": (blue, green, red), "BGR888": (red, green, blue), "XRGB8888": (blue, green, red, 255)}
        pixel = orders[self.config["main"]["format"]]
        return np.full((height, width, len(pixel)), pixel, np.uint8)

    def stop(self) -> None:
        self.started = False

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def camera_class(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Picamera2]]:
    class Fresh(Picamera2):
        made: ClassVar[list[Picamera2]] = []

    module = ModuleType("picamera2")
    module.Picamera2 = Fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    yield Fresh
    assert not any(camera.is_open or camera.started for camera in Fresh.made)


def some_frames(settings: Settings, enough: Callable[[int], bool] = lambda n: n == 3, **options: Any) -> list[Any]:
    with open_source(settings, Stop(), **options) as source:
        frames = []
        for frame in source:
            frames += [frame] if frame is not None else []
            if enough(len(frames)):
                return frames
    return frames


def test_frames_are_bgr_and_of_the_size_that_was_asked_for(
    camera_class: type[Picamera2], caplog: pytest.LogCaptureFixture
) -> None:
    frames = some_frames(Settings("picamera", resolution="320x240", rate=15))
    assert frames[0].image.shape == (240, 320, 3) and frames[0].image.dtype == np.uint8
    assert tuple(frames[0].image[0, 0]) == SCENE_BGR
    assert frames[0].source == "picamera"
    (camera,) = camera_class.made
    assert camera.config["controls"] == {"FrameRate": 15}
    assert caplog.messages == []


def test_a_size_that_the_camera_rounds_is_told(camera_class: type[Picamera2], caplog: pytest.LogCaptureFixture) -> None:
    (frame, *_) = some_frames(Settings("picamera", resolution="321x241"))
    assert frame.image.shape == (240, 320, 3)
    assert caplog.messages == ["picamera delivers 320x240 pixels instead of 321x241"]


def test_without_wishes_it_gives_a_page_at_its_own_rate(camera_class: type[Picamera2]) -> None:
    with open_source(Settings("picamera"), Stop()) as source:
        frame = next(frame for frame in source if frame is not None)
        assert source.info.rate == 30.0
    assert frame.image.shape == (720, 1280, 3)


def test_no_camera_is_one_error(camera_class: type[Picamera2]) -> None:
    camera_class.cameras = 0
    with pytest.raises(
        SourceError, match=r"picamera does not open \(no camera is found\).* ribbon cable.*rpicam-hello"
    ) as caught:
        some_frames(Settings("picamera"))
    assert "\n" not in str(caught.value)


def test_a_camera_in_use_is_one_error_and_a_wrong_configuration_lets_it_go(camera_class: type[Picamera2]) -> None:
    other = camera_class()
    with pytest.raises(SourceError, match=r"\(Failed to acquire camera: Device or resource busy\)"):
        some_frames(Settings("picamera"))
    other.close()
    camera_class.fault = RuntimeError("Invalid camera configuration")
    with pytest.raises(SourceError, match="Invalid camera configuration"):
        some_frames(Settings("picamera"))
    assert len(camera_class.made) == 2


def test_one_that_is_unplugged_is_released_and_comes_back(
    camera_class: type[Picamera2], caplog: pytest.LogCaptureFixture
) -> None:
    with open_source(Settings("picamera", timeout=0.3), Stop()) as source:
        frames = iter(source)
        assert next(frame for frame in frames if frame is not None)
        camera_class.made[0].unplugged.set()
        while not source.outage:
            next(frames)
        assert next(frame for frame in frames if frame is not None)
    assert len(camera_class.made) == 2
    assert "picamera stopped after" in caplog.messages[0] and "picamera is back" in caplog.messages[1]


def test_a_camera_that_gives_no_colours_is_one_error(
    camera_class: type[Picamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As USB cameras do through picamera2, whatever they were asked for.
    monkeypatch.setattr(camera_class, "capture_array", lambda *_, **__: np.zeros((480, 640, 2), np.uint8))
    with pytest.raises(SourceError, match="no colour frames"):
        some_frames(Settings("picamera"))


def test_its_absence_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(PackageMissing) as caught:
        some_frames(Settings("picamera"))
    assert "sudo apt install python3-picamera2" in str(caught.value)
    assert "--system-site-packages" in str(caught.value) and "\n" not in str(caught.value)


def test_one_that_does_not_fit_the_numpy_here_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed, may indicate...')\n")
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PackageMissing, match=r"numpy\.dtype size changed.*numpy<2"):
        some_frames(Settings("picamera"))
