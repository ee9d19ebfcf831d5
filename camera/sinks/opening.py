"""What the loop feeds, as a user asks for it."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Event, EventSink, TextLines
from mnist_edge.camera.frames import Source
from mnist_edge.camera.loop import ViewSink
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sinks.collect import Collector
from mnist_edge.camera.sinks.display import why_no_window
from mnist_edge.camera.sinks.event_files import STDOUT, open_events
from mnist_edge.camera.sinks.limit import LimitLog
from mnist_edge.camera.sinks.mqtt import MqttSink
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.sinks.recordings import recorded_at
from mnist_edge.camera.sinks.snapshots import Snapshots, snapshots_in
from mnist_edge.camera.sinks.streams import check_output, standard_output
from mnist_edge.camera.sinks.window import Window
from mnist_edge.camera.worker import END_SECONDS, BackgroundSink, Worker
from mnist_edge.errors import OutputError
from mnist_edge.reading import Reading

if TYPE_CHECKING:
    from mnist_edge.camera.web import WebView

# Where recordings go that were asked for by a key, where no other place is named.
RECORDINGS = "recordings"
# Events that may wait for a disk or a pipe.
MAX_EVENTS = 1000

logger = logging.getLogger(__name__)

_Sink = TypeVar("_Sink", bound="BackgroundSink | MqttSink | WebView")


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where events and views go, and what handles them in the background.

    Attributes:
        workers: What handles them in the background.
        beats: Who wants to know that the loop lives.
        window: That it runs beside; None where there is none.
    """

    events: tuple[EventSink, ...]
    views: tuple[ViewSink, ...]
    workers: tuple[Worker[Any], ...]
    beats: tuple[Callable[[], None], ...]
    window: Window | None = None


@contextmanager
def open_sinks(
    settings: Settings,
    source: Source,
    controls: Controls,
    meter: Meter,
    read: Callable[[NDArray[np.uint8]], Reading],
) -> Iterator[Sinks]:
    """Open what is wanted, and close it however the loop ends.

    Args:
        settings: What is wanted.
        source: What will be read; entered.
        controls: What the window and the web page may change.
        meter: Where displays count their pictures.
        read: Reads a picture that was sent to the web page, in a thread of its own.

    Raises:
        MnistEdgeError: Something cannot be opened, or its package is missing.
    """
    events: list[EventSink] = []
    views: list[ViewSink] = []
    beats: list[Callable[[], None]] = []
    background: list[BackgroundSink | MqttSink | WebView] = []
    with ExitStack() as stack:

        def enter(sink: _Sink) -> _Sink:
            background.append(sink)
            stack.enter_context(sink)
            return sink

        shown = _window(settings, controls, meter)
        if settings.events:
            written = open_events(settings.events, max_mb=settings.events_mb, files=settings.events_files)
            stdout = settings.events == STDOUT
            what = "events for standard output" if stdout else f"events for {settings.events}"
            events.append(enter(_Events(written, what, controls.stop if stdout else None)))
        if settings.mqtt:
            mqtt = enter(MqttSink(settings.mqtt, discovery=settings.mqtt_discovery))
            events.append(mqtt)
            views.append(mqtt)
        if settings.serve:
            # Tornado is imported where it is wanted only: that takes a while.
            from mnist_edge.camera import web

            gallery = web.Gallery(
                partial(snapshots_in, Path(settings.snapshots)),
                partial(recorded_at, Path(settings.record or RECORDINGS)),
            )
            page = web.WebView(
                settings.serve,
                controls,
                meter,
                read=read,
                token=settings.token,
                gallery=gallery,
                # What goes to a file or a journal is read by others than who started this, and for longer.
                private=sys.stderr.isatty(),
            )
            enter(page)
            events.append(page)
            views.append(page)
            beats.append(page.beat)
        if shown is None and settings.events != STDOUT:
            lines = TextLines(standard_output())
            events.append(enter(_Events(lines, "lines for standard output", controls.stop)))
        if settings.collect:
            collector = Collector(Path(settings.collect), controls, model=settings.model, still=source.info.still)
            views.append(enter(collector))
        if settings.record or shown or settings.serve:
            views.append(enter(_recorder(settings, source, controls)))
            views.append(enter(Snapshots(Path(settings.snapshots), controls)))
        views.append(LimitLog())
        if shown:
            views.append(stack.enter_context(shown))
        if shown is None or settings.events == STDOUT:
            beats.append(check_output)
        try:
            workers = tuple(one.worker for one in background if isinstance(one, BackgroundSink))
            yield Sinks(tuple(events), tuple(views), workers, tuple(beats), shown)
        finally:
            # All at once, so that several that are stuck take no longer than one.
            deadline = time.monotonic() + END_SECONDS
            for one in background:
                one.end(deadline)


class _Events(BackgroundSink):
    """Events, written by another sink in the background."""

    def __init__(self, sink: EventSink, what: str, ends: Stop | None) -> None:
        self.worker = Worker[Event](what, lambda event: sink.write([event]), limit=MAX_EVENTS, ends=ends)

    def write(self, events: Sequence[Event]) -> None:
        """Queue one frame's events."""
        self.worker.put(*events)


def _recorder(settings: Settings, source: Source, controls: Controls) -> Recorder:
    return Recorder(
        Path(settings.record or RECORDINGS),
        source,
        controls,
        always=settings.record is not None and settings.record_on == "always",
        raw=settings.record_raw,
        max_mb=settings.record_mb,
        files=settings.record_files,
        force=settings.force,
    )


def _window(settings: Settings, controls: Controls, meter: Meter) -> Window | None:
    reason = None if settings.window is False else why_no_window()
    if settings.window and reason:
        raise OutputError(f"no window can be shown: {reason}; or leave out --window")
    if reason and not settings.serve:
        logger.info("no window: %s", reason)
    return None if settings.window is False or reason else Window(controls, meter)
