"""The loop: reads frames, tracks digits, and passes events and views to the sinks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import EventSink, describe
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.meter import Meter, Stats
from mnist_edge.camera.rows import Mark
from mnist_edge.camera.sources.geometry import Geometry
from mnist_edge.camera.tracker import MOVING, PAGES, Change, Tracker
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import Worker
from mnist_edge.reading import Reading

# How often a loop that waits for a resumed pause or a due frame looks again, and repeats its view: 20 times a second.
PAUSE_SECONDS = 0.05
# How often a loop that waits for a full queue looks again: short, as a video file is read at full speed.
QUEUE_SECONDS = 0.005
# How old the shown rates may be while no frames come.
REFRESH_SECONDS = 1.0


class FrameReader(Protocol):
    """Finds the digits in a frame."""

    min_confidence: float

    def read(self, frame: NDArray[np.uint8], source: str) -> Reading:
        """Read one frame: shape (height, width, 3), uint8, BGR."""


@runtime_checkable
class ViewSink(Protocol):
    """Shows or keeps every frame: a window, a web page, a recording."""

    def show(self, view: View) -> None:
        """Take the view of a frame; the same object again while nothing new comes. Must return at once."""


class Watch(Protocol):
    """Looks for what is taken as a whole, such as the page of a form."""

    def look(self, view: View) -> Sequence[Mark]:
        """Take what is to be taken of a view, and return the fields that it shows. Must return at once."""


def run(
    source: Source,
    reader: FrameReader,
    *,
    geometry: Geometry | None = None,
    events: Sequence[EventSink] = (),
    views: Sequence[ViewSink] = (),
    watches: Sequence[Watch] = (),
    workers: Sequence[Worker[Any]] = (),
    controls: Controls | None = None,
    meter: Meter | None = None,
    beat: Callable[[], None] = lambda: None,
    watched: bool = False,
    max_frames: int | None = None,
) -> Stats:
    """Read a source's frames until it ends, the end is requested or `max_frames` are read.

    At the end every digit that is still there is reported gone.

    Args:
        source: Already entered; the caller releases it.
        reader: Reads each frame.
        geometry: Turns and crops each frame before it is read; None for not at all.
        events: Get what appeared, changed and went.
        views: Get the view of each frame, and again while the loop waits.
        watches: See each view before, and say which fields it shows.
        workers: Handle events and views in the background. A source that is not live is read no further while the
            queue of one is full, and the loop ends only when all are idle.
        controls: Requests of users; the ones that source, window and web page share.
        meter: Keeps rates and times; the one in which the displays count.
        beat: Called once a frame, and while the loop waits: a sign of life for a watchdog.
        watched: Whether somebody watches: a file is then read no faster than it plays, and each still image stays until
            `Controls.held` is False.
        max_frames: None for no limit.

    Raises:
        SourceError: The source fails, or its frames are smaller than the region that `geometry` keeps.
    """
    controls, meter = controls or Controls(reader.min_confidence), meter or Meter()
    loop = _Loop(source, reader, geometry, events, views, watches, workers, controls, meter, beat, watched)
    try:
        for frame in source:
            loop.step(frame)
            if controls.stop.requested or (max_frames and meter.reading.total >= max_frames):
                break
    finally:
        loop.finish()
    return meter.summary()


@dataclass
class _Loop:
    source: Source
    reader: FrameReader
    geometry: Geometry | None
    events: Sequence[EventSink]
    views: Sequence[ViewSink]
    watches: Sequence[Watch]
    workers: Sequence[Worker[Any]]
    controls: Controls
    meter: Meter
    beat: Callable[[], None]
    watched: bool
    frame: Frame | None = None
    view: View | None = None
    due: float = 0.0

    def __post_init__(self) -> None:
        self.tracker = Tracker(PAGES if self.source.info.still else MOVING)

    def step(self, frame: Frame | None) -> None:
        """Read a frame, or wait where there is none; then wait through a pause, and while a queue is full."""
        if frame is None:
            self.wait()
        else:
            frame = self.geometry.apply(frame) if self.geometry else frame
            self.read(self.when_due(frame) if self.watched else frame)
            self.controls.held = self.watched and self.source.info.still
        self.wait_while(lambda: self.controls.paused or self.controls.held, PAUSE_SECONDS)
        if not self.source.info.live:
            self.wait_while(lambda: any(worker.full for worker in self.workers), QUEUE_SECONDS)

    def finish(self) -> None:
        self.end_tracks()
        if not self.source.info.live:
            self.wait_while(lambda: any(worker.busy for worker in self.workers), QUEUE_SECONDS)

    def when_due(self, frame: Frame) -> Frame:
        """Wait until a file's frame is due, as long after the one before as it was taken; it then counts as captured.

        A frame that is late, after a pause or on a slow machine, delays those after it: none is hurried.
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
            self.end_tracks()
        self.frame = frame
        self.reader.min_confidence = self.controls.min_confidence
        with self.meter.frame(frame.number, frame.captured, self.source.dropped, self.source.damaged):
            reading = self.reader.read(frame.image, frame.source)
        refused = [digit.box for digit in reading.rejected]
        self.publish(self.tracker.update(reading.digits, frame.seconds, refused), frame)
        self.meter.delivered(frame.captured)
        if self.views or self.watches:
            digits, text = self.tracker.digits, self.tracker.text
            self.show(View(frame, reading, digits, text, self.meter.stats, self.controls.details))
        self.beat()

    def wait(self) -> None:
        """Repeat the view without a new frame: in an outage of the source, or a pause."""
        if self.source.outage:
            self.end_tracks()
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
            # The same object means that there is nothing new to draw.
            self.show(self.view if now == self.view else now)
        self.beat()

    def wait_while(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait while a condition holds, checked every so many seconds, or until the end is requested."""
        while not self.controls.stop.requested and condition():
            self.wait()
            time.sleep(seconds)

    def end_tracks(self) -> None:
        if self.frame:
            self.publish(self.tracker.end(), self.frame)

    def publish(self, changes: list[Change], frame: Frame) -> None:
        if changes:
            happened = describe(changes, frame, self.tracker)
            for sink in self.events:
                sink.write(happened)

    def show(self, view: View) -> None:
        marks = tuple(mark for watch in self.watches for mark in watch.look(view))
        self.view = view = view if marks == view.marks else replace(view, marks=marks)
        for sink in self.views:
            sink.show(view)
