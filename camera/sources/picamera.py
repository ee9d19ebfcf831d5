"""The Raspberry Pi's camera modules, by picamera2, a package of its operating system."""

import logging
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from importlib import import_module
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.errors import PackageMissing, SourceError
from mnist_edge.opencv import cv2

NAME = "picamera"
# Wide enough for a page, and quick to read.
DEFAULT_SIZE = (1280, 720)
# picamera2's own default.
DEFAULT_RATE = 30.0
# libcamera names formats from the last byte to the first: in memory this is blue, green, red.
BGR = "RGB888"
# What picamera2 raises where the camera is not there, in use or lost.
FAULTS = (RuntimeError, OSError)


class PiCapture:
    """A running camera, as a `Capture`; no frame of it is damaged."""

    damaged = 0

    def __init__(self, camera: Any, rate: float, timeout_seconds: float) -> None:
        """Take a `Picamera2` that is started."""
        self._camera = camera
        self._rate = rate
        self._timeout_seconds = timeout_seconds

    def read(self) -> tuple[bool, Any]:
        """See `Capture`."""
        try:
            # Newer versions wait no longer than this; older ones take any number for True.
            image = self._camera.capture_array("main", wait=self._timeout_seconds)
        except (*FAULTS, Late):
            return False, None
        if image.ndim != 3 or image.shape[2] != 3:
            raise SourceError(
                f"{NAME} delivers no colour frames; give a USB camera's number instead, such as --source 0"
            )
        return True, image

    def get(self, property: int) -> float:
        """See `Capture`."""
        return self._rate if property == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        """See `Capture`."""
        # Its loss is already reported, and nothing more can be done.
        with suppress(*FAULTS):
            self._camera.stop()
        with suppress(*FAULTS):
            self._camera.close()


def open_picamera(size: tuple[int, int] | None, rate: float | None, timeout_seconds: float) -> PiCapture:
    """Open and start the first camera module, whose hardware scales frames to any size.

    Raises:
        PackageMissing: picamera2 is not installed, or does not fit the other packages.
        SourceError: There is no camera, or it is in use.
    """
    package = _picamera2()
    rate = rate or DEFAULT_RATE
    try:
        camera = package.Picamera2()
    # Without a camera picamera2 indexes an empty list.
    except (*FAULTS, IndexError) as error:
        raise _not_opening("no camera is found" if isinstance(error, IndexError) else _line(error)) from None
    capture = PiCapture(camera, rate, timeout_seconds)
    try:
        main = {"size": size or DEFAULT_SIZE, "format": BGR}
        camera.configure(camera.create_video_configuration(main=main, controls={"FrameRate": rate}))
        camera.start()
    except FAULTS as error:
        capture.release()
        raise _not_opening(_line(error)) from None
    return capture


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _not_opening(reason: str) -> SourceError:
    return SourceError(
        f"{NAME} does not open ({reason}); check the ribbon cable, close other programs that use the "
        "camera, and see what this shows: rpicam-hello --list-cameras"
    )


def _picamera2() -> Any:
    if native_stderr.silencing_enabled:
        logging.getLogger("picamera2").setLevel(logging.CRITICAL)
    try:
        return import_module("picamera2")
    except ModuleNotFoundError as error:
        raise PackageMissing(
            f"{error.name} is not to be found; it is the system's package: sudo apt install python3-picamera2, and "
            "make the environment with: python3 -m venv --system-site-packages"
        ) from None
    # Built for another numpy than the one in this environment.
    except (ImportError, ValueError) as error:
        raise PackageMissing(
            f"picamera2 is there but does not load ({_line(error)}); if its numpy is older: "
            "pip install 'numpy<2' 'opencv-python<4.12'"
        ) from None
