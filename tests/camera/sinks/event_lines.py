"""Events that tests write into files, and those that lie there."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from mnist_edge.camera.events import Event
from mnist_edge.reading import Box, Digit

LINE_BYTES = 270


def event(number: int = 1, *, kind: Any = "appeared", text: tuple[str, ...] = ("42",), source: str = "desk") -> Event:
    digits = tuple(Digit(label, 0.98765, Box(10, 20, 30, 40), track=track) for track, label in ((1, 4), (2, 2)))
    return Event("2026-01-02T03:04:05.678+00:00", number, number / 25, source, kind, digits[1], digits, text)


def frames(path: Path) -> list[int]:
    """The numbers in a file all of whose lines must be whole."""
    content = path.read_text(encoding="utf-8")
    assert content == "" or content.endswith("\n")
    if path.name.partition(".")[2].startswith("csv"):
        return [int(row["frame"]) for row in csv.DictReader(io.StringIO(content))]
    return [json.loads(line)["frame"] for line in content.splitlines()]
