"""Opening cameras, videos and streams with OpenCV."""

import sys
import time
from pathlib import Path
from typing import Any, Protocol

from mnist_edge.camera.images import MAX_PIXELS, too_large
from mnist_edge.camera.sources.devices import list_cameras, why_not
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2, name_for_opencv

# USB 2 carries larger frames uncompressed at a few frames a second only.
MAX_RAW_PIXELS = 640 * 480
# So many failed reads in a row are the end or a lost stream, whose reads fail at once.
MAX_FAILED_READS = 10


class Capture(Protocol):
    """An open device that delivers frames.

    Attributes:
        damaged: Damaged frames that were skipped so far.
    """

    damaged: int

    def read(self) -> tuple[bool, Any]:
        """Return whether there is a frame, and the frame: (height, width, 3), uint8, BGR."""

    def get(self, property: int) -> float:
        """Return a property of OpenCV, `cv2.CAP_PROP_...`; 0 or less where it is unknown."""

    def release(self) -> None:
        """Close the device."""


class OpenCvCapture:
    """A `cv2.VideoCapture` that skips damaged frames, whose failed reads OpenCV does not tell from the end.

    Attributes:
        damaged: See `Capture`.
    """

    def __init__(self, capture: Any, timeout_seconds: float) -> None:
        """Take an open `cv2.VideoCapture`; a read that takes so long failed because nothing came."""
        self.damaged = 0
        self._capture = capture
        self._timeout_seconds = timeout_seconds

    def read(self) -> tuple[bool, Any]:
        """See `Capture`."""
        for failed in range(MAX_FAILED_READS):
            began = time.monotonic()
            there, image = self._capture.read()
            if there:
                self.damaged += failed
                return True, image
            if time.monotonic() - began >= self._timeout_seconds:
                break
        return False, None

    def get(self, property: int) -> float:
        """See `Capture`."""
        return float(self._capture.get(property))

    def release(self) -> None:
        """See `Capture`."""
        self._capture.release()


def open_camera(
    device: str | int, size: tuple[int, int] | None, rate: float | None, timeout_seconds: float
) -> OpenCvCapture:
    """Open a camera, given by `device_of`; it may deliver another size or rate than it is asked for.

    Raises:
        SourceError: It is missing, in use, forbidden or no camera.
    """
    device = device if isinstance(device, int) else name_for_opencv(device, SourceError)
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY)
    if not capture.isOpened():
        capture.release()
        raise SourceError(why_not(device, list_cameras()))
    # Drivers offer sizes by format and rates by size, so the order matters.
    if size and size[0] * size[1] > MAX_RAW_PIXELS:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
    if size:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if rate:
        capture.set(cv2.CAP_PROP_FPS, rate)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return OpenCvCapture(capture, timeout_seconds)


def open_video(path: Path, timeout_seconds: float, max_pixels: int = MAX_PIXELS) -> OpenCvCapture:
    """Open a video file.

    Raises:
        SourceError: It is damaged, no video or its frames have more than `max_pixels`, or its name is not UTF-8.
    """
    # Backends other than FFmpeg would take a file's name for a numbered series of images.
    has_ffmpeg = cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends()
    capture = cv2.VideoCapture(name_for_opencv(path, SourceError), cv2.CAP_FFMPEG if has_ffmpeg else cv2.CAP_ANY)
    failure = f"{path} does not open as a video: it is damaged, cut short, or of another kind; copy it again"
    return OpenCvCapture(_checked(capture, str(path), failure, max_pixels), timeout_seconds)


def open_stream(url: str, name: str, timeout_seconds: float, max_pixels: int = MAX_PIXELS) -> OpenCvCapture:
    """Open a network stream, such as `rtsp://camera/stream`; connecting, and each frame, may take `timeout_seconds`.

    Raises:
        SourceError: Nothing answers, or no video, or its frames have more than `max_pixels`; names the stream `name`.
    """
    milliseconds = int(timeout_seconds * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
    capture = cv2.VideoCapture(name_for_opencv(url, SourceError, name), cv2.CAP_FFMPEG, limits)
    failure = f"{name} does not open; check the address, the network, and that the stream is being sent"
    return OpenCvCapture(_checked(capture, name, failure, max_pixels), timeout_seconds)


def _checked(capture: Any, name: str, failure: str, max_pixels: int) -> Any:
    """Return the capture if it is open and its frames are small enough, which is known before one is decoded."""
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if capture.isOpened() and size[0] * size[1] <= max_pixels:
        return capture
    error = SourceError(too_large(name, size, max_pixels) if capture.isOpened() else failure)
    capture.release()
    raise error
