"""Annotated frames as a video file."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.view import View
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.files import refuse_overwrite

# What OpenCV writes everywhere. An AVI can be played even if the process was killed; an MP4 only once it is closed.
CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


class Recorder:
    """Writes a video at the source's own speed.

    It goes to `NAME.part.SUFFIX` beside the wanted file and gets its name when it is closed. A frame is repeated, or
    left out, where the frames come slower or faster than the source means to deliver; a file's frames are all there,
    once each.
    """

    def __init__(self, path: Path, source: Source, *, force: bool = False) -> None:
        """Check that it can be written; the file begins with the first frame.

        Args:
            path: Ends in `.mp4` or `.avi`; its folder is created.
            source: Whose frame rate the video gets.
            force: Replace what is there.

        Raises:
            UsageError: Another suffix.
            OutputError: There is such a file, or a part of one that was never finished.
        """
        if path.suffix.lower() not in CODECS:
            raise UsageError(f"{path} cannot be recorded: the name must end in {' or '.join(CODECS)}")
        self._path = path
        self._part = path.with_name(f"{path.stem}.part{path.suffix}")
        for file in (self._path, self._part):
            refuse_overwrite(file, force)
        self._source = source
        self._writer: Any = None
        self._size = (0, 0)
        self._began = 0.0
        self._written = 0

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *error: object) -> None:
        """Close the video and give it its name."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            self._part.replace(self._path)

    def show(self, view: View) -> None:
        """Write a frame, as often as its time asks for.

        Raises:
            OutputError: The folder cannot be written, or this OpenCV lacks the codec.
        """
        picture, frame = view.picture, view.frame
        if self._writer is None:
            self._begin(picture, frame)
        due = round((frame.seconds - self._began) * self._source.rate) + 1
        fitted = fit(picture, self._size)
        for _ in range(self._written, due):
            self._writer.write(fitted)
            self._written += 1

    def _begin(self, picture: NDArray[np.uint8], frame: Frame) -> None:
        # The codecs want even sides.
        height, width = (max(2, side - side % 2) for side in picture.shape[:2])
        self._size, self._began = (width, height), frame.seconds
        self._part.parent.mkdir(parents=True, exist_ok=True)
        codec = CODECS[self._path.suffix.lower()]
        writer = cv2.VideoWriter(str(self._part), cv2.VideoWriter_fourcc(*codec), self._source.rate, self._size)
        if not writer.isOpened():
            raise OutputError(
                f"{self._path} cannot be recorded: the folder cannot be written, or OpenCV lacks the codec {codec}; "
                "try another folder, or the other suffix (.mp4, .avi)"
            )
        self._writer = writer


def fit(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture scaled to fit a size, black where its proportions differ.

    Args:
        picture: Shape (height, width, 3).
        size: Width and height.
    """
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inner = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA)
    return canvas
