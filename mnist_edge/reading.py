"""The values of a reading: boxes, digits and rejected ink, as every part of the package passes them on."""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

# For types alone: who only looks at readings need not load NumPy.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Box(NamedTuple):
    """A rectangle in pixels of the picture; (x, y) is its top left corner.

    Examples:
        >>> box = Box(x=10, y=20, width=30, height=40)
        >>> box.right, box.bottom, box.centre
        (40, 60, (25.0, 40.0))
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box, x and y."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> int:
        """How many pixels the box covers."""
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns that cut the box out of a picture: `picture[box.slices]`."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture that is so many times as large, at least one pixel wide and high."""
        x, y, width, height = (round(side * factor) for side in self)
        return Box(x, y, max(width, 1), max(height, 1))

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point lies in the box."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def encloses(self, other: "Box") -> bool:
        """Return whether all of another box lies in this one."""
        across = self.x <= other.x and other.right <= self.right
        return across and self.y <= other.y and other.bottom <= self.bottom

    def overlaps(self, other: "Box") -> bool:
        """Return whether the boxes share a pixel."""
        return self._shared(other) > 0

    def iou(self, other: "Box") -> float:
        """Return what both boxes cover as a share of what either covers (intersection over union), 0 to 1."""
        shared = self._shared(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def _shared(self, other: "Box") -> int:
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(width, 0) * max(height, 0)


class Labelled:
    """What is taken for a class of the model.

    Attributes:
        label: 0 to 9, or the place of another class among those of the model.
        name: What the model calls it; None, and left out of documents, where the model tells the ten digits.
    """

    __slots__ = ()
    label: int
    name: str | None

    @property
    def text(self) -> str:
        """What people see: the name, or else the label."""
        return self.name or str(self.label)


@dataclass(frozen=True, slots=True)
class Guess(Labelled):
    """A label that is considered for some ink.

    Examples:
        >>> guess = reading.digits[0].runner_up
        >>> 0 <= guess.label <= 9, guess.probability < reading.digits[0].confidence
        (True, True)

    Attributes:
        label: As `Labelled.label`.
        probability: Of that label, 0 to 1.
        name: As `Labelled.name`.
    """

    label: int
    probability: float
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Digit(Labelled):
    """One digit that was read, in one picture or followed over the frames of a camera.

    Examples:
        >>> digit = reading.digits[0]
        >>> digit.label, digit.confidence > 0.99, digit.row
        (3, True, 0)

    Attributes:
        label: As `Labelled.label`.
        confidence: Probability that a digit is there and that it is `label`, 0 to 1, by finder and classifier together.
        box: Tight around the ink.
        row: Index of its line in the reading order, 0 at the top.
        runner_up: The second most likely label; None where it is not known.
        track: Number of the digit in a camera's stream, from 1 and never used again; None in a single picture.
        label_probability: Of `label`, given that a digit is there, 0 to 1; None where it is not known. Documents
            leave it out.
        crop: The digit as the network saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink; None where it is not
            known. Comparisons and documents leave it out.
        name: As `Labelled.name`.
    """

    label: int
    confidence: float
    box: Box
    row: int = 0
    runner_up: Guess | None = None
    track: int | None = None
    label_probability: float | None = None
    crop: "NDArray[np.uint8] | None" = field(default=None, compare=False, repr=False)
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected(Labelled):
    """What may be a digit but was not read as one.

    Examples:
        >>> rejected = Rejected(Box(12, 8, 6, 9), "not a digit", label=7, confidence=0.02, score=0.15, probability=0.31)
        >>> rejected.reason
        'not a digit'

    Attributes:
        box: Tight around the ink.
        reason: `not a digit` where the finder doubts it, or `low confidence`.
        label: What it is most likely, as `Labelled.label`.
        confidence: That a digit is there and that it is `label`, 0 to 1: below the reader's least confidence.
        score: How sure the finder is that a digit is there, 0 to 1; of other classes the classifier.
        probability: The classifier's, of `label`, 0 to 1.
        crop: As `Digit.crop`.
        name: As `Labelled.name`.
    """

    box: Box
    reason: str
    label: int
    confidence: float
    score: float
    probability: float
    crop: "NDArray[np.uint8] | None" = field(default=None, compare=False, repr=False)
    name: str | None = None


# The note that people get where `Reading.limited` holds.
LIMITED = "more ink than is looked at; digits may be missing"


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read in one picture.

    Examples:
        >>> reading.source, reading.text, len(reading.digits)
        ('page.jpg', ('372', '20'), 5)
        >>> document = reading.to_json()  # plain lists, dictionaries, texts and numbers

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
        seconds: When it was so in a video, from its first frame; its digits have tracks. None of a picture, whose
            documents have neither.
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
    seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The document that `read --json` prints, as plain JSON types."""
        milliseconds = {stage: round(ms, 3) for stage, ms in self.milliseconds.items()}
        document: dict[str, Any] = _plain(self)
        if self.seconds is not None:
            for digit, written in zip(self.digits, document["digits"], strict=True):
                written["track"] = digit.track
        return document | {"milliseconds": milliseconds}


# A single picture has no tracks, pixels are no text, and what a label is worth where a digit is sure only forms ask.
_NOT_WRITTEN = ("track", "label_probability", "crop")
# What is left out where it is None: a digit has no name but its label, and a picture no time.
_PERHAPS = ("name", "seconds")


def _plain(value: Any) -> Any:
    """Only lists, dictionaries and plain values, numbers to four decimals."""
    if is_dataclass(value):
        written = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in _NOT_WRITTEN}
        return {key: _plain(one) for key, one in written.items() if key not in _PERHAPS or one is not None}
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    return round(value, 4) if isinstance(value, float) else value
