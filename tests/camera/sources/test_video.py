"""Frames of a video or a live camera: by their own times, the newest only, and released at the end."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.video import VideoSource
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2


def frames_in(source: Source) -> list[Frame]:
    return [frame for frame in source if frame is not None]


def following(frames: Iterator[Frame | None]) -> Frame:
    return next(frame for frame in frames if frame is not None)


class Stamped:
    """`cv2.VideoCapture` of a video whose frames have these times, in milliseconds."""

    damaged = 0

    def __init__(self, stamps: list[float], rate: float = 10.0) -> None:
        self.left, self.rate, self.now = list(stamps), rate, 0.0

    def read(self) -> tuple[bool, Any]:
        if not self.left:
            return False, None
        self.now = self.left.pop(0)
        return True, np.zeros((2, 2, 3), np.uint8)

    def get(self, property: int) -> float:
        return {cv2.CAP_PROP_POS_MSEC: self.now, cv2.CAP_PROP_FPS: self.rate}.get(property, 0.0)

    def release(self) -> None: ...


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0, 40, 80, 1000, 1040], [0, 0.04, 0.08, 1.0, 1.04]),
        # They may begin anywhere.
        ([500, 540, 700], [0, 0.04, 0.2]),
        # Unknown, or no times at all: by the rate.
        ([0, 0, 0, 0], [0, 0.1, 0.2, 0.3]),
        ([float("nan")] * 3, [0, 0.1, 0.2]),
        ([float("nan"), 100, 250], [0, 0.1, 0.25]),
        # One that goes back, or is infinite, is passed over.
        ([0, 1000, 500, 2000], [0, 1.0, 1.1, 2.0]),
        ([0, float("inf"), 200], [0, 0.1, 0.2]),
    ],
)
def test_a_file_has_times_of_its_own(stamps: list[float], expected: list[float]) -> None:
    with VideoSource("clip", lambda: Stamped(stamps), Stop(), False, 10.0) as source:
        assert [frame.seconds for frame in frames_in(source)] == pytest.approx(expected)


class FakeCamera:
    """Gives a frame for each `allow`; fails once it is unplugged."""

    damaged = 0

    def __init__(self) -> None:
        self.steps = threading.Semaphore(0)
        self.waiting = threading.Semaphore(0)
        self.plugged = True
        self.released = threading.Event()
        self.number = 0

    def allow(self, frames: int) -> None:
        """Return when the camera has given so many frames and is asked for another."""
        for _ in range(frames):
            self.steps.release()
            assert self.waiting.acquire(timeout=10)

    def unplug(self) -> None:
        self.plugged = False
        self.steps.release()

    def read(self) -> tuple[bool, Any]:
        if self.number:
            self.waiting.release()
        self.steps.acquire()
        self.number += 1
        return self.plugged, np.zeros((2, 2, 3), np.uint8) if self.plugged else None

    def get(self, _: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released.set()


def live(camera: FakeCamera, stop: Stop | None = None, timeout_seconds: float = 10.0) -> VideoSource:
    return VideoSource("camera 0", lambda: camera, stop or Stop(), True, timeout_seconds)


def test_a_live_source_keeps_the_newest_frame_and_counts_the_others() -> None:
    camera = FakeCamera()
    camera.steps.release()
    with live(camera) as source:
        frames = iter(source)
        assert following(frames).number == 0
        assert camera.waiting.acquire(timeout=10)
        camera.allow(5)
        assert following(frames).number == 5
        assert source.dropped == 4
        camera.unplug()
    assert camera.released.wait(10)


def test_a_camera_that_is_unplugged_is_an_error_and_is_released() -> None:
    camera = FakeCamera()
    camera.steps.release()
    with pytest.raises(SourceError, match="camera 0 stopped after 1 frames; check its cable"), live(camera) as source:
        frames = iter(source)
        following(frames)
        camera.unplug()
        following(frames)
    assert camera.released.is_set()


def test_a_camera_that_opens_but_gives_nothing() -> None:
    camera = FakeCamera()
    camera.unplug()
    with pytest.raises(SourceError, match="gives no picture"), live(camera):
        pass
    assert camera.released.is_set()


def test_a_camera_that_hangs_ends_in_an_error() -> None:
    camera = FakeCamera()
    with pytest.raises(SourceError, match="sent nothing"), live(camera, timeout_seconds=-1.9):
        pass
    camera.unplug()
    assert camera.released.wait(10)


def test_a_request_to_stop_ends_a_source_that_waits() -> None:
    camera, stop = FakeCamera(), Stop()
    threading.Timer(0.2, lambda: setattr(stop, "requested", True)).start()
    with live(camera, stop) as source:
        assert frames_in(source) == []
        camera.unplug()


def test_a_slow_camera_is_waited_for_when_it_is_left() -> None:
    camera = FakeCamera()
    camera.steps.release()
    with live(camera) as source:
        following(iter(source))
        threading.Timer(0.8, camera.unplug).start()
    assert camera.released.is_set()


def test_a_bug_in_the_device_is_shown_as_it_is() -> None:
    camera = FakeCamera()
    camera.read = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError), live(camera):
        pass
    assert camera.released.is_set()


def test_a_frame_says_when_it_came() -> None:
    camera = FakeCamera()
    began = time.monotonic()
    camera.steps.release()
    with live(camera) as source:
        first = following(iter(source))
        camera.unplug()
    assert began <= first.captured <= time.monotonic()


ABANDONED = """
import sys, threading, time
import cv2, numpy
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.video import VideoSource
noise = numpy.random.default_rng(0).integers(0, 256, (600, 600), numpy.uint8)
class Slow:
    began, frames, damaged = 0.0, 0, 0
    def read(self):
        self.frames += 1
        # The second frame takes longer than leaving waits, and comes from OpenCV.
        while self.frames > 1 and not (self.began and time.monotonic() > self.began + 4):
            self.began = self.began or time.monotonic()
            cv2.medianBlur(noise, 31)
        return True, noise
    def get(self, property):
        return 0.0
    def release(self):
        print("released", flush=True)
with VideoSource("slow", Slow, Stop(), True, 60.0) as source:
    pass
"""


def test_a_program_that_abandons_a_slow_stream_ends_in_order() -> None:
    done = subprocess.run([sys.executable, "-c", ABANDONED], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "released\n", "")
