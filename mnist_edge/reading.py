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
class Guess:
    """What the network thinks that ink may be.

    Attributes:
        label: 0 to 9.
        probability: Of that label, 0 to 1.
    """

    label: int
    probability: float


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit that was read.

    Attributes:
        label: 0 to 9.
        confidence: The model's probability of `label`, 0 to 1.
        box: Tight around the ink.
        row: Index of its line in the reading order, 0 at the top.
        runner_up: The second most likely label; None where it is not known.
    """

    label: int
    confidence: float
    box: Box
    row: int = 0
    runner_up: Guess | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Ink that was found but not read as a digit.

    Attributes:
        box: Tight around the ink.
        reason: Why, such as `too small`, `not a digit` (the network refuses it) or `low confidence`.
        label: What the network thinks it is most likely, 0 to 9; None where the network was not asked, since the box
            alone says that it is no digit.
        probability: Of that label, 0 to 1, or None.
    """

    box: Box
    reason: str
    label: int | None = None
    probability: float | None = None


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
        milliseconds = {stage: round(ms, 3) for stage, ms in self.milliseconds.items()}
        document: dict[str, Any] = _plain(asdict(self))
        return document | {"milliseconds": milliseconds}


def _plain(value: Any) -> Any:
    """Only lists, dictionaries and plain values, numbers to four decimals."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value
