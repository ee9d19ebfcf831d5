"""What the loop feeds, as a user asks for it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mnist_edge.camera.events import EventSink, JsonLines, TextLines
from mnist_edge.camera.frames import Source
from mnist_edge.camera.loop import ViewSink
from mnist_edge.camera.recorder import Recorder
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.window import Window, why_no_window
from mnist_edge.errors import OutputError

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where events and views go."""

    events: tuple[EventSink, ...]
    views: tuple[ViewSink, ...]


@contextmanager
def open_sinks(
    source: Source,
    stop: Stop,
    *,
    events: str | None,
    record: Path | None,
    window: bool | None,
    force: bool,
    note: Callable[[str], None],
) -> Iterator[Sinks]:
    """Open what is wanted, and close it however the loop ends.

    Args:
        source: What will be read.
        stop: Where the window asks for the end.
        events: A file to add events to, `-` for stdout, or None.
        record: A video to write, or None.
        window: Whether to show a window; None: where one can be shown.
        force: Whether a recording may replace another.
        note: Told that there is no window, where that was left open.

    Raises:
        OutputError: A window was demanded and cannot be shown, or a file cannot be written.
        UsageError: The recording's suffix is unknown.
    """
    recorder = Recorder(record, source, force=force) if record else None
    shown = _window(source, stop, window, note)
    with ExitStack() as stack:
        told: list[EventSink] = []
        if events:
            told.append(JsonLines(sys.stdout if events == STDOUT else stack.enter_context(_append(Path(events)))))
        if shown is None and events != STDOUT:
            told.append(TextLines(sys.stdout))
        views: list[ViewSink] = []
        if recorder:
            views.append(stack.enter_context(recorder))
        if shown:
            views.append(stack.enter_context(shown))
        yield Sinks(tuple(told), tuple(views))


def _window(source: Source, stop: Stop, wanted: bool | None, note: Callable[[str], None]) -> Window | None:
    reason = None if wanted is False else why_no_window()
    if wanted and reason:
        raise OutputError(f"no window can be shown: {reason}; or leave out --window")
    if reason:
        note(f"note: no window: {reason}")
    return None if wanted is False or reason else Window(stop, wait_for_key=source.still)


def _append(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a", encoding="utf-8")
