"""Cameras that come and go as a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import numpy as np

from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.retry import RetryingSource
from mnist_edge.camera.sources.video import VideoSource
from mnist_edge.errors import SourceError
from tests.helpers import PATIENCE_SECONDS


class ScriptedCamera:
    """Gives so many frames, one each few milliseconds, and is unplugged; or hangs until it is freed and goes on."""

    damaged = 0

    def __init__(self, frames: float, *, hangs: bool = False, ink: bool = False) -> None:
        self.left = frames
        self.hangs = hangs
        self.freed = threading.Event()
        self.released = threading.Event()
        self.image = np.full((240, 320, 3), 255, np.uint8)
        if ink:
            self.image[90:150, 100:130] = 0

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.005)
        if self.left <= 0:
            return self.hangs and self.freed.wait(PATIENCE_SECONDS), self.image
        self.left -= 1
        return True, self.image

    def get(self, _: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released.set()


class Script:
    """Opens one thing after another: a camera, or the error of one that does not open."""

    def __init__(self, *openings: ScriptedCamera | SourceError) -> None:
        self.openings = list(openings)
        self.opened = 0
        self.stop = Stop()

    def open(self) -> ScriptedCamera:
        what = self.openings[min(self.opened, len(self.openings) - 1)]
        self.opened += 1
        if isinstance(what, SourceError):
            raise what
        return what

    def source(
        self,
        delays: Callable[[], Iterator[float]] = lambda: repeat(0.01),
        max_retries: int | None = None,
        live: bool | None = True,
        timeout_seconds: float = 10.0,
    ) -> RetryingSource:
        def make() -> VideoSource:
            return VideoSource("camera 0", self.open, self.stop, live, timeout_seconds)

        return RetryingSource(make, self.stop, max_retries=max_retries, delays=delays)


GONE = SourceError("there is no camera 0")
