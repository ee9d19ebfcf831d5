"""Events for machines, lines for people."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from mnist_edge.camera.events import Event, JsonLines, TextLines, describe
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.tracker import PAGES, Tracker
from mnist_edge.reading import Box, Digit


def happened(blank: Callable[..., Frame], *labels: int) -> list[Event]:
    tracker = Tracker(PAGES)
    changes = tracker.update([Digit(label, 0.98765, Box(50 * n, 10, 20, 40)) for n, label in enumerate(labels)])
    return describe(changes, blank(12, 0.48, "a.mp4"), tracker)


def event_of(text: tuple[str, ...]) -> Event:
    return Event("", 0, 0.0, "", "appeared", Digit(7, 0.9, Box(0, 0, 1, 1), track=1), (), text)


def test_an_event_is_one_json_line_with_the_promised_keys(blank: Callable[..., Frame]) -> None:
    file = io.StringIO()
    JsonLines(file).write(happened(blank, 4, 2))
    first, second = (json.loads(line) for line in file.getvalue().splitlines())
    assert list(first)[:6] == ["time", "frame", "event", "track", "digits", "text"]
    assert (first["frame"], first["event"], first["track"], second["track"]) == (12, "appeared", 1, 2)
    assert first["digits"][0] == {"track": 1, "label": 4, "confidence": 0.9877, "box": [0, 10, 20, 40]}
    assert [d["label"] for d in second["digits"]] == [4, 2]
    assert first["text"] == second["text"] == ["42"]
    assert (first["seconds"], first["source"]) == (0.48, "a.mp4")
    assert (first["label"], second["label"]) == (4, 2)


def test_an_event_names_the_digit_that_is_gone(blank: Callable[..., Frame]) -> None:
    tracker = Tracker(PAGES)
    tracker.update([Digit(7, 0.9, Box(0, 10, 20, 40))])
    (event,) = describe(tracker.end(), blank(), tracker)
    document = event.to_json()
    assert (document["event"], document["track"], document["label"]) == ("gone", 1, 7)
    assert (document["digits"], document["text"]) == ([], [])


def test_each_line_is_there_before_the_next_is_written(blank: Callable[..., Frame]) -> None:
    class Flushed(io.StringIO):
        seen: ClassVar[list[int]] = []

        def flush(self) -> None:
            self.seen.append(self.getvalue().count("\n"))

    JsonLines(Flushed()).write(happened(blank, 4, 2, 7))
    assert Flushed.seen == [1, 2, 3]


def test_the_time_is_now_with_its_zone(blank: Callable[..., Frame]) -> None:
    (event,) = happened(blank, 4)
    assert abs(datetime.fromisoformat(event.time) - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_nothing_happened_is_no_event(blank: Callable[..., Frame]) -> None:
    assert happened(blank) == []


def test_people_get_a_line_whenever_the_text_changes_to_something() -> None:
    file = io.StringIO()
    lines = TextLines(file)
    for text in (("7",), ("7",), ("7", "42"), (), ("7", "42")):
        lines.write([event_of(text)])
    assert file.getvalue() == "7\n7 / 42\n7 / 42\n"
