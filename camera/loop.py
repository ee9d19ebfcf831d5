"""The loop: source, reader, tracker, sinks."""

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.events import EventSink, describe
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.meter import Meter, Summary
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.tracker import MOVING, PAGES, Change, Tracker
from mnist_edge.reading import Reading


class FrameReader(Protocol):
    """What finds the digits in a frame."""

    def read(self, frame: NDArray[np.uint8], source: str) -> Reading:
        """Read one frame: shape (height, width, 3), uint8, BGR."""


class PictureSink(Protocol):
    """Where annotated frames go."""

    def show(self, picture: NDArray[np.uint8], frame: Frame) -> None:
        """Take `frame`, drawn over: a picture of the same shape, uint8, BGR."""


def run(
    source: Source,
    reader: FrameReader,
    *,
    events: Sequence[EventSink] = (),
    pictures: Sequence[PictureSink] = (),
    stop: Stop | None = None,
    max_frames: int | None = None,
) -> Summary:
    """Read a source's frames until it ends, `stop` is requested or `max_frames` are read.

    However it ends, every digit that is still there is reported gone.

    Args:
        source: Entered already; whoever entered it releases it.
        reader: Reads each frame.
        events: Told what appeared, changed and went.
        pictures: Shown each frame with what was read drawn over it.
        stop: Looked at after each frame; pass the one the source and window have.
        max_frames: None for no limit.

    Raises:
        SourceError: The source fails.
    """
    stop = stop or Stop()
    tracker = Tracker(PAGES if source.still else MOVING)
    meter = Meter()

    def tell(changes: list[Change], frame: Frame) -> None:
        if changes:
            happened = describe(changes, frame, tracker)
            for sink in events:
                sink.write(happened)

    frame: Frame | None = None
    try:
        for frame in islice(source, max_frames):
            with meter.frame():
                reading = reader.read(frame.image, frame.source)
            tell(tracker.update(reading.digits), frame)
            if pictures:
                picture = annotate(frame.image, reading, status=f"{meter.rate:.1f} fps")
                for shown in pictures:
                    shown.show(picture, frame)
            if source.still:
                tell(tracker.end(), frame)
            if stop.requested:
                break
    finally:
        if frame is not None:
            tell(tracker.end(), frame)
    return meter.summary(source.dropped)
