"""Opening cameras, videos and streams in OpenCV; what does not open is one clear error."""

import sys
from pathlib import Path
from typing import Any, Protocol

from mnist_edge.camera.images import MAX_PIXELS, too_large
from mnist_edge.camera.sources.devices import list_cameras, why_not
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2, name_for_opencv

# More does not pass through USB 2 uncompressed, but for a few frames a second.
MAX_RAW_PIXELS = 640 * 480


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used after opening."""

    def read(self) -> tuple[bool, Any]:
        """Whether there was a frame, and the frame: (height, width, 3), uint8, BGR."""

    def get(self, property: int) -> float:
        """A property, or 0 or less where it is unknown."""

    def release(self) -> None:
        """Let go of the device."""


def open_camera(device: str | int, size: tuple[int, int] | None = None, rate: float | None = None) -> Capture:
    """Open a camera.

    Args:
        device: As from `device_of`.
        size: Width and height to ask it for; what it delivers may differ.
        rate: Frames per second to ask it for; the same.

    Raises:
        SourceError: It is missing, in use, forbidden or no camera.
    """
    device = device if isinstance(device, int) else name_for_opencv(device, SourceError)
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY)
    if not capture.isOpened():
        capture.release()
        raise SourceError(why_not(device, list_cameras()))
    _ask(capture, size, rate)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return _typed(capture)


def _ask(capture: Any, size: tuple[int, int] | None, rate: float | None) -> None:
    if size and size[0] * size[1] > MAX_RAW_PIXELS:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
    if size:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if rate:
        capture.set(cv2.CAP_PROP_FPS, rate)


def open_video(path: Path, max_pixels: int = MAX_PIXELS) -> Capture:
    """Open a video file.

    Args:
        path: The file.
        max_pixels: A video whose frames have more is refused.

    Raises:
        SourceError: It is damaged, no video or too large, or its name is not UTF-8.
    """
    capture = cv2.VideoCapture(name_for_opencv(path, SourceError), _file_backend())
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{path} does not open as a video: it is damaged, cut short, or of another kind; copy it again"
        )
    return _bounded(capture, str(path), max_pixels)


def open_stream(url: str, name: str, timeout_seconds: float, max_pixels: int = MAX_PIXELS) -> Capture:
    """Open a network stream.

    Args:
        url: Such as `rtsp://camera/stream` or `http://host/video.mjpg`.
        name: The URL without password, for messages.
        timeout_seconds: How long connecting, and each frame, may take.
        max_pixels: A stream whose frames have more is refused.

    Raises:
        SourceError: Nothing answers, or what answers is no video, or too large.
    """
    milliseconds = int(timeout_seconds * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
    capture = cv2.VideoCapture(name_for_opencv(url, SourceError, name), cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        capture.release()
        raise SourceError(f"{name} does not open; check the address, the network, and that the stream is being sent")
    return _bounded(capture, name, max_pixels)


def _bounded(capture: Any, name: str, max_pixels: int) -> Capture:
    """The capture, if its frames are small enough: the size is known before the first is decoded, and is kept."""
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if size[0] * size[1] > max_pixels:
        capture.release()
        raise SourceError(too_large(name, size, max_pixels))
    return _typed(capture)


def _file_backend() -> int:
    """FFmpeg where this OpenCV has it: the others would take a file's name for a numbered series of pictures."""
    return int(cv2.CAP_FFMPEG if cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends() else cv2.CAP_ANY)


def _typed(capture: Any) -> Capture:
    typed: Capture = capture
    return typed
