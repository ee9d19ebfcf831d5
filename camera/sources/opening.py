"""Which kind of source a user means: a camera, a video, pictures, a stream or a pipe."""

import glob
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mnist_edge.camera.frames import Source, SourceInfo
from mnist_edge.camera.image_files import images_at
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.capture import open_camera, open_stream, open_video
from mnist_edge.camera.sources.damage import Damage, ForgivingCapture
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
STDIN = "-"
DEFAULT_SIZE = (640, 480)
DEFAULT_RATE = 25.0
# A camera's clock is not that exact, and 29.97 is 30.
SAME_RATE = 0.1

logger = logging.getLogger(__name__)


@contextmanager
def open_source(settings: Settings, stop: Stop) -> Iterator[Source]:
    """Open what is to be read for the time of a `with` block, and log what differs from what was asked for.

    Args:
        settings: Its source, and how frames are asked for and waited for.
        stop: Ends the frames once it is requested.

    Raises:
        SourceError: There is no such file, it is empty, unreadable or plainly no video, or the device does not open.
        UsageError: The size is none.
    """
    size = parse_size(settings.resolution) if settings.resolution else None
    with Damage() as damage, _source(settings, size, stop, damage) as source:
        # Others than cameras have the rate that they have.
        rate = settings.rate if is_camera(settings.source) else None
        if differing := list(_differences(source.info, size, rate)):
            logger.warning("%s delivers %s", source.info.name, " and ".join(differing))
        yield source


def _differences(info: SourceInfo, size: tuple[int, int] | None, rate: float | None) -> Iterator[str]:
    if size and info.size and size != info.size:
        yield "{}x{} pixels instead of {}x{}".format(*info.size, *size)
    if rate and abs(info.rate - rate) > SAME_RATE * rate:
        yield f"{info.rate:g} frames a second instead of {rate:g}"


def is_camera(source: str) -> bool:
    """Whether that is a camera of this machine."""
    # One that is unplugged is a camera all the same.
    named = source == PICAMERA or source.isdecimal() or source.startswith(("/dev/video", "/dev/v4l/"))
    return named or _is_device(source)


def _source(settings: Settings, size: tuple[int, int] | None, stop: Stop, damage: Damage) -> Source:
    source, rate = settings.source, settings.rate
    if source == FAKE:
        from mnist_edge.camera.sources.fake.source import FakeSource

        width, height = size or DEFAULT_SIZE
        return FakeSource(stop, width=width, height=height, rate=rate or DEFAULT_RATE)
    if source == STDIN:
        # Who writes into a pipe waits for its reader, so nothing need be dropped, and sets the pace.
        opener = partial(open_stdin, size, rate, settings.max_pixels)
        return VideoSource(STDIN_NAME, opener, stop, False, settings.timeout, timed=False)
    if is_camera(source) or "://" in source:
        make = partial(_live, settings, size, stop, damage)
        return RetryingSource(make, stop, max_retries=settings.max_retries)
    return _stored(settings, stop, damage)


def _live(settings: Settings, size: tuple[int, int] | None, stop: Stop, damage: Damage) -> VideoSource:
    source, seconds = settings.source, settings.timeout
    if source == PICAMERA:
        return VideoSource(source, partial(open_picamera, size, settings.rate, seconds), stop, True, seconds)
    if "://" in source:
        name = mask(source)
        # A video file behind http has an end and loses nothing by waiting; a running stream does not wait.
        live = None if source.startswith("http") else True
        opener = partial(open_stream, source, name, seconds, settings.max_pixels)
    else:
        name, live = f"camera {source}", True
        opener = partial(open_camera, device_of(source), size, settings.rate)
    return VideoSource(name, lambda: ForgivingCapture(opener(), name, seconds, damage), stop, live, seconds)


def _stored(settings: Settings, stop: Stop, damage: Damage) -> Source:
    source, most = settings.source, settings.max_pixels
    path = Path(source)
    try:
        if path.is_dir() or (not path.exists() and glob.has_magic(source)):
            if not (found := images_at(path)):
                raise SourceError(f"{source} names no picture; give a folder with PNG or JPEG files, or a glob")
            return PictureSource(source, found, most)
        _check_file(path)
    except OSError as error:
        raise SourceError(f"{source} cannot be read: {error.strerror}") from None
    if path.is_file() and path.suffix.lower() != ".gif" and cv2.haveImageReader(name_for_opencv(path, SourceError)):
        return PictureSource(source, [path], most)
    return VideoSource(
        source,
        lambda: ForgivingCapture(open_video(path, most), source, settings.timeout, damage),
        stop,
        False,
        settings.timeout,
    )


def _is_device(source: str) -> bool:
    try:
        return Path(source).is_char_device()
    # A name that is too long, or has no sense, is none of a device.
    except (OSError, ValueError):
        return False


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
