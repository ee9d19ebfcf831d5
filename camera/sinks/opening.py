"""What the loop feeds, as a user asks for it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import EventSink, TextLines
from mnist_edge.camera.frames import Source
from mnist_edge.camera.loop import ViewSink
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.sinks.collect import Collector
from mnist_edge.camera.sinks.event_files import STDOUT, open_events
from mnist_edge.camera.sinks.limit import LimitNote
from mnist_edge.camera.sinks.mqtt import MqttSink
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.sinks.snapshots import Snapshots
from mnist_edge.camera.sinks.window import Window, why_no_window
from mnist_edge.camera.web import WebView
from mnist_edge.errors import OutputError
from mnist_edge.reading import Reading

# Where recordings go that were asked for by a key, where no other place is named.
RECORDINGS = "recordings"


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where events and views go, who wants to know that the loop lives, and the window that it runs beside."""

    events: tuple[EventSink, ...]
    views: tuple[ViewSink, ...]
    beats: tuple[Callable[[], None], ...]
    window: Window | None = None


@contextmanager
def open_sinks(
    settings: Settings,
    source: Source,
    controls: Controls,
    meter: Meter,
    read: Callable[[NDArray[np.uint8]], Reading],
    note: Callable[[str], None],
) -> Iterator[Sinks]:
    """Open what is wanted, and close it however the loop ends.

    Args:
        settings: What is wanted.
        source: What will be read; entered.
        controls: What the window and the web page may change.
        meter: Where displays count their pictures.
        read: Reads a picture that was sent to the web page, in a thread of its own.
        note: Told what people should know.

    Raises:
        MnistEdgeError: Something cannot be opened, or its package is missing.
    """
    events: list[EventSink] = []
    views: list[ViewSink] = []
    beats: list[Callable[[], None]] = []
    with ExitStack() as stack:
        shown = _window(settings, controls, meter, note)
        if settings.events:
            events.append(
                stack.enter_context(
                    open_events(settings.events, max_mb=settings.events_mb, files=settings.events_files, note=note)
                )
            )
        if settings.mqtt:
            mqtt = stack.enter_context(MqttSink(settings.mqtt, discovery=settings.mqtt_discovery, note=note))
            events.append(mqtt)
            views.append(mqtt)
        if settings.serve:
            web = stack.enter_context(
                WebView(settings.serve, controls, meter, read=read, token=settings.token, note=note)
            )
            events.append(web)
            views.append(web)
            beats.append(web.beat)
        if shown is None and settings.events != STDOUT:
            events.append(TextLines(sys.stdout))
        if settings.collect:
            collector = Collector(
                Path(settings.collect), controls, model=settings.model, note=note, still=source.info.still
            )
            views.append(stack.enter_context(collector))
        if settings.record or shown or settings.serve:
            views.append(stack.enter_context(_recorder(settings, source, controls, note)))
            views.append(stack.enter_context(Snapshots(Path(settings.snapshots), controls, note=note)))
        views.append(LimitNote(note))
        if shown:
            views.append(stack.enter_context(shown))
        yield Sinks(tuple(events), tuple(views), tuple(beats), shown)


def _recorder(settings: Settings, source: Source, controls: Controls, note: Callable[[str], None]) -> Recorder:
    return Recorder(
        Path(settings.record or RECORDINGS),
        source,
        controls,
        always=settings.record is not None and settings.record_on == "always",
        raw=settings.record_raw,
        max_mb=settings.record_mb,
        files=settings.record_files,
        force=settings.force,
        note=note,
    )


def _window(settings: Settings, controls: Controls, meter: Meter, note: Callable[[str], None]) -> Window | None:
    reason = None if settings.window is False else why_no_window()
    if settings.window and reason:
        raise OutputError(f"no window can be shown: {reason}; or leave out --window")
    if reason and not settings.serve:
        note(f"note: no window: {reason}")
    return None if settings.window is False or reason else Window(controls, meter)
