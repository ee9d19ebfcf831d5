"""What is taken as a whole from the live picture: a page of a form, or a region whose reading has held."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Literal

from mnist_edge.reading import Box
from mnist_edge.safe_text import to_json


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one field.

    Attributes:
        text: What it says; nothing where it is empty or cannot be read.
        trust: The probability that this is right, 0 to 1.
        outcome: As of `FieldReading`.
    """

    text: str
    trust: float
    outcome: str = "read"

    def to_json(self) -> dict[str, Any]:
        """Return the value as plain JSON types."""
        return {"value": self.text, "trust": round(self.trust, 4), "outcome": self.outcome}


@dataclass(frozen=True, slots=True)
class Mark:
    """A field where it stands in the live picture.

    Attributes:
        name: The field's or the region's.
        corners: Four, clockwise from its own top left, x and y in pixels of the frame.
        value: What it says; None while that is not known.
    """

    name: str
    corners: tuple[tuple[float, float], ...]
    value: Value | None = None

    @property
    def box(self) -> Box:
        """Around its corners, whole pixels."""
        across, down = zip(*self.corners, strict=True)
        left, top = floor(min(across)), floor(min(down))
        return Box(left, top, ceil(max(across)) - left, ceil(max(down)) - top)

    def to_json(self) -> dict[str, Any]:
        """Return the mark as plain JSON types; where it has no value, the outcome is nothing."""
        value = self.value or Value("", 0.0, "")
        return {"name": self.name, "box": list(self.box), **value.to_json()}


@dataclass(frozen=True, slots=True)
class Row:
    """Values that were taken at once; it goes where events go.

    Attributes:
        time: When, ISO 8601 in UTC with milliseconds.
        frame: Number of the frame, from 0.
        seconds: Time of the frame, see `Frame`.
        source: The file's path or the camera's name.
        event: What was taken.
        name: Of the form or the region.
        values: By the names of the fields; of a region its own.
    """

    time: str
    frame: int
    seconds: float
    source: str
    event: Literal["page", "region"]
    name: str
    values: dict[str, Value]

    @property
    def text(self) -> tuple[str, ...]:
        """The values for people, one string a field."""
        return tuple(f"{name} {value.text or '-'}" for name, value in self.values.items())

    def to_json(self) -> dict[str, Any]:
        """Return the document of one line of `camera --events`."""
        return {
            "time": self.time,
            "frame": self.frame,
            "event": self.event,
            "name": self.name,
            "values": {name: one.to_json() for name, one in self.values.items()},
            "text": list(self.text),
            "seconds": round(self.seconds, 3),
            "source": self.source,
        }

    def to_line(self) -> str:
        """Return the document as one line of JSON, without its end."""
        return to_json(self.to_json())
