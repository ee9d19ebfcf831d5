"""Opens the sinks that the settings ask for."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import EventSink, Happening, RowSink, TextLines
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.forms.live import FormWatch
from mnist_edge.camera.frames import Source
from mnist_edge.camera.loop import ViewSink, Watch
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.camera.regions import RegionWatch, parse_regions
from mnist_edge.camera.rows import Row
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sinks.collect import Collector
from mnist_edge.camera.sinks.display import why_no_window
from mnist_edge.camera.sinks.event_files import STDOUT, open_events
from mnist_edge.camera.sinks.mqtt import MqttSink
from mnist_edge.camera.sinks.post import PostSink
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.sinks.recordings import recorded_at
from mnist_edge.camera.sinks.snapshots import Snapshots, snapshots_in
from mnist_edge.camera.sinks.streams import check_output, standard_output
from mnist_edge.camera.sinks.window import Window
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import END_SECONDS, BackgroundSink, Worker
from mnist_edge.classes import names_of, shown
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.reading import LIMITED, Reading

# The folder of recordings that are turned on by a key, where the settings name none.
RECORDINGS = "recordings"
# Events that may wait for a disk or a pipe: those of some minutes of a busy page.
MAX_EVENTS = 1000

Read = Callable[[NDArray[np.uint8]], Reading]
if TYPE_CHECKING:
    # Importing it at run time needs the `web` extra, which a camera without a page does not have.
    from mnist_edge.camera.web import WebView

    Background = BackgroundSink | MqttSink | WebView

logger = logging.getLogger(__name__)


@runtime_checkable
class Beating(Protocol):
    """A sink that wants to know that the loop lives, frame or no frame."""

    def beat(self) -> None:
        """Take a sign of life."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """The open sinks, for the loop.

    Attributes:
        events: Get each frame's events.
        views: Get each frame's view.
        watches: See each view before, and say which fields it shows.
        workers: Handle events and views in the background; a file is read no further while one of them is full.
        beats: To be called at each turn of the loop, also while there are no frames.
        window: The window that the loop runs beside; None where there is none.
    """

    events: tuple[EventSink, ...]
    views: tuple[ViewSink, ...]
    watches: tuple[Watch, ...]
    workers: tuple[Worker[Any], ...]
    beats: tuple[Callable[[], None], ...]
    window: Window | None = None


@contextmanager
def open_sinks(settings: Settings, source: Source, controls: Controls, meter: Meter, read: Read) -> Iterator[Sinks]:
    """Open the sinks that the settings ask for, and close them however the loop ends.

    Args:
        settings: Which sinks, and how.
        source: What will be read; entered.
        controls: What the window and the web page may change.
        meter: Where displays count their pictures.
        read: Reads a picture that was sent to the web page, in a thread of its own.

    Raises:
        MnistEdgeError: A sink cannot be opened, or its package is missing.
    """
    window = _window(settings, controls, meter)
    with ExitStack() as stack:
        background: list[Background] = []
        for sink in _background_sinks(settings, source, controls, meter, read, window):
            stack.enter_context(sink)
            background.append(sink)
        events = tuple(sink for sink in background if isinstance(sink, EventSink))
        shown = [sink for sink in background if isinstance(sink, ViewSink)]
        watches = _watches(settings, source, controls, [sink for sink in background if isinstance(sink, RowSink)])
        for watch in watches:
            if isinstance(watch, FormWatch):
                stack.enter_context(watch)
                background.append(watch)
        views: list[ViewSink] = [*shown, LimitWarning()]
        if window:
            views.append(stack.enter_context(window))
        beats = [sink.beat for sink in background if isinstance(sink, Beating)]
        if window is None or settings.events == STDOUT:
            beats.append(check_output)
        try:
            yield Sinks(
                events,
                tuple(views),
                tuple(watches),
                tuple(sink.worker for sink in background if isinstance(sink, BackgroundSink)),
                tuple(beats),
                window,
            )
        finally:
            # All at once, so that several that are stuck take no longer than one.
            deadline = time.monotonic() + END_SECONDS
            for sink in background:
                sink.end(deadline)


def _background_sinks(
    settings: Settings, source: Source, controls: Controls, meter: Meter, read: Read, window: Window | None
) -> "Iterator[Background]":
    """Make one sink after the other; each is entered before the next is made."""
    if settings.events == STDOUT:
        yield _Events(_open_events(settings, controls), "events for standard output", controls.stop)
    elif settings.events:
        yield _Events(_open_events(settings, controls), f"events for {settings.events}")
    if settings.mqtt:
        yield _mqtt(settings, settings.mqtt, controls)
    elif settings.mqtt_commands:
        raise UsageError("--mqtt-commands obeys what comes over a broker; name it with --mqtt mqtt://HOST/PREFIX")
    if settings.post:
        yield PostSink(settings.post)
    if settings.serve:
        yield _web_view(settings, settings.serve, controls, meter, read)
    if window is None and settings.events != STDOUT:
        yield _Events(TextLines(standard_output()), "lines for standard output", controls.stop)
    if settings.collect:
        yield Collector(Path(settings.collect), controls, model=settings.model, still=source.info.still)
    if settings.record or window or settings.serve or settings.mqtt_commands:
        yield _recorder(settings, source, controls)
        yield Snapshots(Path(settings.snapshots), controls)


def _watches(settings: Settings, source: Source, controls: Controls, sinks: Sequence[RowSink]) -> list[Watch]:
    """Make what takes rows from views, and gives them to the sinks of events."""
    if settings.post and not (settings.form or settings.region or settings.serve):
        raise UsageError("--post posts what is taken; name what to take with --form FILE.toml or --region NAME=x,y,w,h")

    def take(rows: Sequence[Row]) -> None:
        for sink in sinks:
            sink.write(rows)

    watches: list[Watch] = []
    if settings.form and names_of(controls.classes):
        raise UsageError(f"forms hold digits, and {settings.model} tells {shown(controls.classes)}")
    if settings.form:
        # Before the loop begins, so that a mistake in it is told at once.
        form = load_form(Path(settings.form))
        least = MIN_CONFIDENCE if settings.min_confidence is None else settings.min_confidence

        def open_reader() -> FormReader:
            reader = Reader(settings.model, runtime=settings.runtime, threads=settings.threads, min_confidence=least)
            return FormReader(form, reader)

        watches.append(FormWatch(open_reader, take, source.info.still))
    if settings.region:
        controls.regions = parse_regions(settings.region)
    if settings.region or settings.serve:
        # On the web page regions can be drawn.
        watches.append(RegionWatch(controls, take, source.info.still))
    return watches


class _Events(BackgroundSink):
    """Events that another sink writes in the background."""

    def __init__(self, sink: RowSink, what: str, ends: Stop | None = None) -> None:
        self.worker = Worker[Happening](what, lambda event: sink.write([event]), limit=MAX_EVENTS, ends=ends)

    def write(self, events: Sequence[Happening]) -> None:
        """Queue one frame's events."""
        self.worker.put(*events)


class LimitWarning:
    """Logs, once for a camera and once for each picture, that a frame holds more ink than is looked at."""

    def __init__(self) -> None:
        """Nothing is logged yet."""
        self._logged: set[str] = set()

    def show(self, view: View) -> None:
        """Log it where this frame is the first of its source that holds too much."""
        if view.reading.limited and view.frame.source not in self._logged:
            self._logged.add(view.frame.source)
            logger.warning("%s holds %s", view.frame.source, LIMITED)


def _open_events(settings: Settings, controls: Controls) -> RowSink:
    named = names_of(controls.classes) is not None
    return open_events(str(settings.events), max_mb=settings.events_mb, files=settings.events_files, named=named)


def _mqtt(settings: Settings, url: str, controls: Controls) -> MqttSink:
    form = [field.name for field in load_form(Path(settings.form)).fields] if settings.form else []
    return MqttSink(
        url,
        discovery=settings.mqtt_discovery,
        commands=controls if settings.mqtt_commands else None,
        fields=lambda: [*form, *(region.name for region in controls.regions)],
    )


def _web_view(settings: Settings, address: str, controls: Controls, meter: Meter, read: Read) -> "WebView":
    from mnist_edge.camera.web import Gallery, WebView

    return WebView(
        address,
        controls,
        meter,
        read=read,
        token=settings.token,
        gallery=Gallery(
            partial(snapshots_in, Path(settings.snapshots)), partial(recorded_at, Path(settings.record or RECORDINGS))
        ),
        # What goes to a file or a journal is read by others than who started this, and for longer.
        private=sys.stderr.isatty(),
    )


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
    if settings.window is False:
        return None
    reason = why_no_window()
    if settings.window and reason:
        raise OutputError(f"no window can be shown: {reason}; or leave out --window")
    if reason and not settings.serve:
        logger.info("no window: %s", reason)
    return None if reason else Window(controls, meter)
