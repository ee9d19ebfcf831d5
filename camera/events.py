"""Changes of digits as events, and the sinks that write them as lines for programs and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol, runtime_checkable

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.rows import Row
from mnist_edge.camera.tracker import Change, Kind, Tracker
from mnist_edge.reading import Digit
from mnist_edge.safe_text import printable, to_json


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one digit.

    Attributes:
        time: When the change was noticed, ISO 8601 in UTC with milliseconds.
        frame: Number of the frame, from 0.
        seconds: Time of the frame, see `Frame`.
        source: The file's path or the camera's name.
        event: What happened.
        digit: The digit that changed; one that is gone as it was read last.
        digits: All confirmed digits after the changes of this frame.
        text: Their text, one string a row.
    """

    time: str
    frame: int
    seconds: float
    source: str
    event: Kind
    digit: Digit
    digits: tuple[Digit, ...]
    text: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document of one line of `camera --events`."""
        return {
            "time": self.time,
            "frame": self.frame,
            "event": self.event,
            "track": self.digit.track,
            "digits": digits_to_json(self.digits),
            "text": list(self.text),
            "seconds": round(self.seconds, 3),
            "source": self.source,
            "label": self.digit.label,
        } | name_to_json(self.digit)

    def to_line(self) -> str:
        """Return the document as one line of JSON, without its end."""
        return to_json(self.to_json())


# What sinks of events get.
Happening = Event | Row


class TextStream(Protocol):
    """The methods of a text file that `print` calls."""

    def write(self, text: str, /) -> object:
        """Write a text."""

    def flush(self) -> None:
        """Write what is buffered."""


@runtime_checkable
class EventSink(Protocol):
    """A sink of events."""

    def write(self, events: Sequence[Event]) -> None:
        """Take one frame's events."""


@runtime_checkable
class RowSink(Protocol):
    """A sink of events that takes rows as well."""

    def write(self, events: Sequence[Happening]) -> None:
        """Take one frame's events, or the rows that were taken."""


def timestamp() -> str:
    """Return the current time, ISO 8601 in UTC with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def digits_to_json(digits: Sequence[Digit]) -> list[dict[str, Any]]:
    """Return tracked digits as plain JSON types; boxes are left, top, width, height in pixels."""
    return [
        {"track": d.track, "label": d.label, "confidence": round(d.confidence, 4), "box": list(d.box)} | name_to_json(d)
        for d in digits
    ]


def name_to_json(digit: Digit) -> dict[str, str]:
    """What a document holds beside a label: the name of a class that has one, and of a digit nothing."""
    return {} if digit.name is None else {"name": digit.name}


def describe(changes: Sequence[Change], frame: Frame, tracker: Tracker) -> list[Event]:
    """Return the changes of one frame as events.

    Args:
        changes: From `tracker`.
        frame: The frame.
        tracker: The state after the frame.
    """
    if not changes:
        return []
    time, digits, text = timestamp(), tracker.digits, tracker.text
    return [
        Event(time, frame.number, frame.seconds, frame.source, kind, digit, digits, text) for kind, digit in changes
    ]


class JsonLines:
    """Writes events as JSON Lines, and flushes each line."""

    def __init__(self, file: TextStream) -> None:
        """Write to an open file."""
        self._file = file

    def write(self, events: Sequence[Happening]) -> None:
        """Write each event on a line."""
        for event in events:
            self._file.write(event.to_line() + "\n")
            self._file.flush()


class TextLines:
    """Writes the text on one line whenever it changes, and each row that is taken, for people."""

    def __init__(self, file: TextStream) -> None:
        """Write to an open file."""
        self._file = file
        self._last: tuple[str, ...] = ()

    def write(self, events: Sequence[Happening]) -> None:
        """Write the text if these events changed it and it is not empty."""
        for event in events:
            if isinstance(event, Row):
                print(f"{event.event}: {', '.join(map(printable, event.text))}", file=self._file, flush=True)
                continue
            if event.text and event.text != self._last:
                print(" / ".join(event.text), file=self._file, flush=True)
            self._last = event.text
