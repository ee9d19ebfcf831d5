"""Which kind of source a user means: a camera, a video, pictures or a stream."""

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mnist_edge.camera.capture import open_camera, open_stream, open_video
from mnist_edge.camera.devices import device_of
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.images import SUFFIXES, read_image
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.video import VideoSource
from mnist_edge.errors import SourceError

TIMEOUT_SECONDS = 10.0


def open_source(source: str, stop: Stop, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Source:
    """Find out what `source` means; nothing is opened until it is entered.

    Args:
        source: A camera's number, a device such as `/dev/video0`, a video file, a picture, a folder of pictures, or
            a URL (rtsp, http).
        stop: Ends the frames once it is requested.
        timeout_seconds: How long opening, or waiting for a frame, may take before that is an error.

    Raises:
        SourceError: There is no such file, or it is empty, unreadable or plainly no video.
    """
    if source.isdecimal() or Path(source).is_char_device():
        device = device_of(source)
        return VideoSource(f"camera {source}", partial(open_camera, device), stop, True, timeout_seconds)
    if "://" in source:
        name = re.sub(r"//[^/]*@", "//", source)
        opener = partial(open_stream, source, name, timeout_seconds)
        # A video file behind http has an end and loses nothing by waiting; a running stream does not wait.
        live = None if source.startswith("http") else True
        return VideoSource(name, opener, stop, live, timeout_seconds)
    path = Path(source)
    if path.is_dir():
        return PictureSource(source, _pictures_in(path))
    _check_file(path)
    if path.is_file() and path.suffix.lower() != ".gif" and cv2.haveImageReader(str(path)):
        return PictureSource(source, [path])
    return VideoSource(source, partial(open_video, path), stop, False, timeout_seconds)


class PictureSource:
    """Still pictures, each a page of its own.

    Attributes:
        name: See `Source`.
        paths: The files, in their order.
        still: Always True.
        rate: One picture a second, in a recording.
        dropped: Always 0.
        away: Always empty.
    """

    still = True
    rate = 1.0
    dropped = 0
    away = ""

    def __init__(self, name: str, paths: list[Path]) -> None:
        """Keep what to read."""
        self.name = name
        self.paths = paths

    def __enter__(self) -> "PictureSource":
        """See that the first can be read; raises `ImageError` if not."""
        read_image(str(self.paths[0]))
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __iter__(self) -> Iterator[Frame]:
        for number, path in enumerate(self.paths):
            yield Frame(read_image(str(path)), number, number / self.rate, str(path))


def _pictures_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise SourceError(f"{folder} holds no picture; give a folder with PNG or JPEG files, a video or a camera")
    return found


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
