"""The loop: source, reader, tracker, and all that is fed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import EventSink, describe
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.meter import Meter, Stats
from mnist_edge.camera.sources.geometry import Geometry
from mnist_edge.camera.tracker import MOVING, PAGES, Change, Tracker
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import Worker
from mnist_edge.reading import Reading

# How often a paused loop looks whether it goes on.
PAUSE_SECONDS = 0.05
# How often a loop looks whether a full queue has room.
ROOM_SECONDS = 0.005
# How old the rates may be that are shown while no frames come.
REFRESH_SECONDS = 1.0


class FrameReader(Protocol):
    """What finds the digits in a frame."""

    min_confidence: float

    def read(self, frame: NDArray[np.uint8], source: str) -> Reading:
        """Read one frame: shape (height, width, 3), uint8, BGR."""


class ViewSink(Protocol):
    """What is shown every frame: a window, a web page, a recording."""

    def show(self, view: View) -> None:
        """Take what is known after a frame; the same one again while nothing new comes. Must not wait for others."""


def run(
    source: Source,
    reader: FrameReader,
    *,
    geometry: Geometry | None = None,
    events: Sequence[EventSink] = (),
    views: Sequence[ViewSink] = (),
    workers: Sequence[Worker[Any]] = (),
    controls: Controls | None = None,
    meter: Meter | None = None,
    beat: Callable[[], None] | None = None,
    watched: bool = False,
    max_frames: int | None = None,
) -> Stats:
    """Read a source's frames until it ends, the end is requested or `max_frames` are read.

    However it ends, every digit that is still there is reported gone.

    Args:
        source: Entered already; whoever entered it releases it.
        reader: Reads each frame.
        geometry: How frames are turned and cropped before anything else sees them; None for not at all.
        events: Told what appeared, changed and went.
        views: Shown what is known after each frame, and again while the loop waits.
        workers: What handles events and views in the background. A source that is not live is read no further while one
            of them has no room, and its end is not the loop's before all is handled.
        controls: What people want; pass the one that the source, window and web page have.
        meter: Where rates and times are kept; pass the one that displays count their pictures in.
        beat: Called once a frame, and while the loop waits: a sign of life for a watchdog.
        watched: Whether somebody looks on: a file is then read no faster than it plays, and each still picture stays
            until `Controls.held` is taken back.
        max_frames: None for no limit.

    Raises:
        SourceError: The source fails, or its frames are smaller than the region that `geometry` keeps.
    """
    controls = controls or Controls(reader.min_confidence)
    loop = _Loop(source, reader, events, views, controls, meter or Meter(), beat or (lambda: None))
    try:
        for frame in source:
            if frame is None:
                loop.wait()
            else:
                frame = geometry.apply(frame) if geometry else frame
                loop.read(loop.when_due(frame) if watched else frame)
                controls.held = watched and source.info.still
            loop.wait_while(lambda: loop.stays, PAUSE_SECONDS)
            if not source.info.live:
                loop.wait_while(lambda: any(worker.full for worker in workers), ROOM_SECONDS)
            if controls.stop.requested or (max_frames and loop.meter.reading.total >= max_frames):
                break
    finally:
        loop.end()
        if not source.info.live:
            loop.wait_while(lambda: any(worker.busy for worker in workers), ROOM_SECONDS)
    return loop.meter.summary()


class _Loop:
    def __init__(
        self,
        source: Source,
        reader: FrameReader,
        events: Sequence[EventSink],
        views: Sequence[ViewSink],
        controls: Controls,
        meter: Meter,
        beat: Callable[[], None],
    ) -> None:
        self.source, self.reader, self.controls, self.meter = source, reader, controls, meter
        self.events, self.views, self.beat = events, views, beat
        self.tracker = Tracker(PAGES if source.info.still else MOVING)
        self.frame: Frame | None = None
        self.view: View | None = None
        self.due = 0.0

    @property
    def stays(self) -> bool:
        """Whether to go on with no other frame for now."""
        return self.controls.paused or self.controls.held

    def when_due(self, frame: Frame) -> Frame:
        """Wait until a file's frame is due, so long after the one before as it was taken; it then counts as captured.

        A frame that is late, after a pause or on a slow machine, makes those after it late too: nothing hurries.
        """
        if not self.source.info.timed:
            return frame
        passed = frame.seconds - self.frame.seconds if self.frame else 0.0
        self.due = max(self.due + passed, time.monotonic())
        while (left := self.due - time.monotonic()) > 0 and not self.controls.stop.requested:
            time.sleep(min(left, PAUSE_SECONDS))
            self.wait()
        return replace(frame, captured=self.due)

    def read(self, frame: Frame) -> None:
        if self.source.info.still:
            self.end()
        self.frame = frame
        self.reader.min_confidence = self.controls.min_confidence
        with self.meter.frame(frame.number, frame.captured, self.source.dropped):
            reading = self.reader.read(frame.image, frame.source)
        refused = [one.box for one in reading.rejected]
        self.tell(self.tracker.update(reading.digits, frame.seconds, refused), frame)
        self.meter.told(frame.captured)
        if self.views:
            self.view = View(
                frame, reading, self.tracker.digits, self.tracker.text, self.meter.stats, self.controls.details
            )
            self.show(self.view)
        self.beat()

    def wait(self) -> None:
        """Live on without a new frame: an outage of the source, or a pause."""
        if self.source.outage and self.frame:
            self.tell(self.tracker.end(), self.frame)
        if self.view:
            stats = self.meter.stats
            if stats.seconds - self.view.stats.seconds < REFRESH_SECONDS:
                stats = self.view.stats
            now = replace(
                self.view,
                stats=stats,
                digits=self.tracker.digits,
                text=self.tracker.text,
                details=self.controls.details,
                outage=self.source.outage,
                paused=self.controls.paused,
            )
            # The same object says that there is nothing new to draw.
            self.view = self.view if now == self.view else now
            self.show(self.view)
        self.beat()

    def wait_while(self, condition: Callable[[], bool], seconds: float) -> None:
        """Live on without a new frame while something holds, looked at every `seconds`; a request to stop ends it."""
        while not self.controls.stop.requested and condition():
            self.wait()
            time.sleep(seconds)

    def end(self) -> None:
        if self.frame:
            self.tell(self.tracker.end(), self.frame)

    def tell(self, changes: list[Change], frame: Frame) -> None:
        if changes:
            happened = describe(changes, frame, self.tracker)
            for sink in self.events:
                sink.write(happened)

    def show(self, view: View) -> None:
        for sink in self.views:
            sink.show(view)
