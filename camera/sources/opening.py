"""Opening the source that the settings name: a camera, a video, images, a stream or a pipe."""

import glob
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mnist_edge.camera.frames import Source
from mnist_edge.camera.image_files import images_at
from mnist_edge.camera.images import STDIN
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.capture import open_camera, open_stream, open_video
from mnist_edge.camera.sources.devices import device_of
from mnist_edge.camera.sources.geometry import parse_size
from mnist_edge.camera.sources.picamera import NAME as PICAMERA
from mnist_edge.camera.sources.picamera import open_picamera
from mnist_edge.camera.sources.pictures import PictureSource
from mnist_edge.camera.sources.piped import NAME as STDIN_NAME
from mnist_edge.camera.sources.piped import open_stdin
from mnist_edge.camera.sources.retry import RetryingSource
from mnist_edge.camera.sources.video import VideoSource
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2, name_for_opencv
from mnist_edge.safe_text import mask

FAKE = "fake"
# Of the fake camera: what most webcams deliver unasked.
DEFAULT_SIZE = (640, 480)
DEFAULT_RATE = 25.0
# The share by which a camera's rate may differ from the one that was asked for: 29.97 is 30.
RATE_TOLERANCE = 0.1

logger = logging.getLogger(__name__)


@contextmanager
def open_source(settings: Settings, stop: Stop) -> Iterator[Source]:
    """Open a source for a `with` block, and log how it differs from what was asked for, and what was damaged.

    Args:
        settings: The source, and how frames are asked for and waited for.
        stop: Ends the frames once it is requested.

    Raises:
        SourceError: There is no such file, it is empty, unreadable or plainly no video, or the device does not open.
        UsageError: The resolution is not one.
    """
    size = parse_size(settings.resolution) if settings.resolution else None
    with _source(settings, size, stop) as source:
        info, differing = source.info, []
        if size and info.size and size != info.size:
            differing.append("{}x{} pixels instead of {}x{}".format(*info.size, *size))
        # Only a camera is asked for a rate.
        rate = settings.rate if is_camera(settings.source) else None
        if rate and abs(info.rate - rate) > RATE_TOLERANCE * rate:
            differing.append(f"{info.rate:g} frames a second instead of {rate:g}")
        if differing:
            logger.warning("%s delivers %s", info.name, " and ".join(differing))
        try:
            yield source
        finally:
            if source.damaged and not source.info.still:
                logger.warning("damaged pictures passed over: %d", source.damaged)


def is_camera(source: str) -> bool:
    """Return whether the source is a camera of this machine, plugged in or not."""
    if source == PICAMERA or source.isdecimal() or source.startswith(("/dev/video", "/dev/v4l/")):
        return True
    try:
        return Path(source).is_char_device()
    # The name is too long, or holds a zero byte.
    except (OSError, ValueError):
        return False


def _source(settings: Settings, size: tuple[int, int] | None, stop: Stop) -> Source:
    source, rate = settings.source, settings.rate
    if source == FAKE:
        from mnist_edge.camera.sources.fake.source import FakeSource

        width, height = size or DEFAULT_SIZE
        return FakeSource(stop, width=width, height=height, rate=rate or DEFAULT_RATE)
    if source == STDIN:
        # The writer of a pipe waits for its reader and sets the pace, so that no frame need be dropped.
        opener = partial(open_stdin, size, rate, settings.max_pixels)
        return VideoSource(STDIN_NAME, opener, stop, False, settings.timeout, timed=False)
    if is_camera(source) or "://" in source:
        return RetryingSource(partial(_live, settings, size, stop), stop, max_retries=settings.max_retries)
    return _stored(settings, stop)


def _live(settings: Settings, size: tuple[int, int] | None, stop: Stop) -> VideoSource:
    source, seconds = settings.source, settings.timeout
    if source == PICAMERA:
        return VideoSource(source, partial(open_picamera, size, settings.rate, seconds), stop, True, seconds)
    if "://" in source:
        name = mask(source)
        # A video file behind http has an end and loses nothing by waiting; a running stream does not wait.
        live = None if source.startswith("http") else True
        return VideoSource(name, partial(open_stream, source, name, seconds, settings.max_pixels), stop, live, seconds)
    opener = partial(open_camera, device_of(source), size, settings.rate, seconds)
    return VideoSource(f"camera {source}", opener, stop, True, seconds)


def _stored(settings: Settings, stop: Stop) -> Source:
    source, path, max_pixels = settings.source, Path(settings.source), settings.max_pixels
    try:
        if path.is_dir() or (not path.exists() and glob.has_magic(source)):
            if not (found := images_at(path)):
                raise SourceError(f"{source} names no picture; give a folder with PNG or JPEG files, or a glob")
            return PictureSource(source, found, max_pixels)
    except OSError as error:
        raise SourceError(f"{source} cannot be read: {error.strerror}") from None
    video = video_file(source, stop, settings.timeout, max_pixels)
    if path.is_file() and path.suffix.lower() != ".gif" and cv2.haveImageReader(name_for_opencv(path, SourceError)):
        return PictureSource(source, [path], max_pixels)
    return video


def video_file(name: str, stop: Stop, timeout_seconds: float, max_pixels: int) -> VideoSource:
    """Return the video file at a path as a source, which opens it when it is entered.

    Raises:
        SourceError: There is no such file, it is empty, unreadable or plainly no video.
    """
    path = Path(name)
    try:
        _check_file(path)
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from None
    return VideoSource(name, partial(open_video, path, timeout_seconds, max_pixels), stop, False, timeout_seconds)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise SourceError(
            f"there is no {path}; give a camera's number, a video, a picture, a folder of pictures or a URL"
        )
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} may not be read; allow it with: chmod +r {path}")
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise SourceError(f"{path} is empty; record or copy it again")
    # FFmpeg would draw a text file as a terminal's screen and call it a video.
    if b"\0" not in head and head.isascii():
        raise SourceError(f"{path} is text, not a video; give a video, a picture, a folder of pictures or a camera")
