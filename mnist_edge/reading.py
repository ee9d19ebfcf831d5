"""What was read in a picture: plain values between finding, drawing and reporting."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels of the picture; (x, y) is its top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit that was read.

    Attributes:
        label: 0 to 9.
        confidence: The model's probability of `label`, 0 to 1.
        box: Tight around the ink.
        row: Index of its line in the reading order, 0 at the top.
    """

    label: int
    confidence: float
    box: Box
    row: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """Ink that was found but not read as a digit.

    Attributes:
        box: Tight around the ink.
        reason: Why, such as `too small`, `not a digit` (the network refuses it) or `low confidence`.
    """

    box: Box
    reason: str


# What people are told where `Reading.limited` holds.
LIMITED = "more ink than is looked at; digits may be missing"


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read in one picture.

    Attributes:
        source: The file's path or the camera's name.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        model: Name of the model.
        runtime: Name and version of the runtime.
        digits: In reading order.
        text: One string a row, top to bottom, digits left to right, a space where the gap is a word's.
        rejected: Ink that was refused, with the reason.
        milliseconds: How long `segment`, `classify` and `total` took.
        limited: Whether there was more ink than is looked at in bounded time, so that digits may be missing.
    """

    source: str
    width: int
    height: int
    model: str
    runtime: str
    digits: tuple[Digit, ...] = ()
    text: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    milliseconds: dict[str, float] = field(default_factory=dict)
    limited: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document that `read --json` prints, as plain JSON types."""
        document = asdict(self)
        document["digits"] = [
            asdict(d) | {"box": list(d.box), "confidence": round(d.confidence, 4)} for d in self.digits
        ]
        document["rejected"] = [asdict(r) | {"box": list(r.box)} for r in self.rejected]
        document["text"] = list(self.text)
        document["milliseconds"] = {stage: round(ms, 3) for stage, ms in self.milliseconds.items()}
        return document
