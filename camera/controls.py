"""What people can change while the loop runs, and the table by which the window, the page and the API let them."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_edge.camera.signals import Stop
from mnist_edge.classes import DIGITS
from mnist_edge.errors import UsageError

if TYPE_CHECKING:
    from mnist_edge.camera.regions import Region

# The label by which a correction says that something is no digit, and the key for it.
NO_DIGIT, NO_DIGIT_KEY = -1, "x"

Kind = Literal["switch", "action", "range", "correction"]


@dataclass(frozen=True, slots=True)
class Control:
    """One thing that people can change: a row of the table `CONTROLS`.

    Attributes:
        name: The attribute of `Controls`, and the key of `POST /api/controls`.
        kind: A `switch` is on or off, an `action` is done once, a `range` is a number from 0 to 1; a `correction` is
            about one digit, which has to be selected first.
        label: The text of its button.
        help: What it does.
        keys: The keys for it, one character each, in the window and on the page.
        active_label: The text of a switch's button while it is on; the same where this is empty.
        step: How much a key changes a range by.
    """

    name: str
    kind: Kind
    label: str
    help: str
    keys: str
    active_label: str = ""
    step: float = 0.0

    @property
    def shown_keys(self) -> str:
        """The keys as people call them, such as `space` or `+ -`."""
        return "space" if self.keys == " " else " ".join(self.keys.replace("=", ""))


CONTROLS = (
    Control("paused", "switch", "Pause", "stays at the picture that is there, and goes on", " ", "Go on"),
    Control("snapshot", "action", "Snapshot", "keeps the picture, with boxes and as it came", "s"),
    Control("recording", "switch", "Record", "begins and ends a video", "r", "Recording"),
    Control("details", "switch", "Details", "shows refused ink, and why it was refused", "d"),
    # Twenty steps from one end to the other; = is the key of + without shift.
    Control("min_confidence", "range", "Least confidence", "refuses digits that are less sure", "+-=", step=0.05),
    Control("correct", "correction", "Correct", "says what the selected digit really is", f"0123456789{NO_DIGIT_KEY}"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a digit really is, as a person says.

    Attributes:
        track: Number of the digit's track.
        label: 0 to 9, or the place of another class, or `NO_DIGIT`.
        answer: What became of the correction, for people, once that is known; else `LookupError` where there is no such
            digit, or `OutputError` where it could not be kept. A correction that is cancelled before is not kept.
    """

    track: int
    label: int
    answer: "Future[str]" = field(default_factory=Future)


@dataclass(slots=True)
class Controls:
    """What people have asked for: written by any thread, read by the loop and its sinks once a frame.

    Attributes:
        min_confidence: Digits below are refused, 0 to 1.
        stop: The request to end.
        details: Whether refused ink is drawn too, with the reason.
        paused: Whether to stay at the frame that was read last.
        held: Whether the loop stays at a still picture until somebody has looked at it, and sets this to False.
        recording: Whether to record frames; reset where that fails, and `message` says why.
        video: The video that is being written; None where none is.
        message: One line for the people who watch, such as where a snapshot was written.
        snapshot: Whether a snapshot was asked for and is not taken yet; asking again meanwhile changes nothing.
        corrections: The corrections that were not taken yet; None where nothing keeps them.
        regions: The parts of the picture whose numbers are taken.
        classes: What the model tells, in the order of its labels, and so what corrections may say.
    """

    min_confidence: float
    stop: Stop = field(default_factory=Stop)
    details: bool = False
    paused: bool = False
    held: bool = False
    recording: bool = False
    video: Path | None = None
    message: str = ""
    snapshot: bool = False
    corrections: deque[Correction] | None = None
    regions: "Sequence[Region]" = ()
    classes: tuple[str, ...] = DIGITS

    def press(self, key: str) -> bool:
        """Do what a key asks for, and return whether it is one of the table's; the keys of corrections are not."""
        control = next((control for control in CONTROLS if key and key in control.keys), None)
        if control is None or control.kind == "correction":
            return False
        if control.kind == "range":
            step = -control.step if key == "-" else control.step
            self.min_confidence = round(min(max(self.min_confidence + step, 0.0), 1.0), 2)
        else:
            setattr(self, control.name, control.kind == "action" or not getattr(self, control.name))
        return True

    def correct(self, track: int, label: int) -> Correction:
        """Queue a correction; its answer comes later, from another thread.

        Args:
            track: Number of the digit's track.
            label: As `Correction.label`.

        Raises:
            UsageError: Nothing keeps corrections.
        """
        if self.corrections is None:
            raise UsageError("corrections are kept where digits are collected; start the camera with --collect DIR")
        correction = Correction(track, label)
        self.corrections.append(correction)
        return correction

    def called(self, label: int) -> str:
        """What a correction's label is called: the class's name, or `no digit`."""
        return "no digit" if label == NO_DIGIT else self.classes[label]

    def meant(self, key: str) -> int | None:
        """The label that a key says a digit really is; None where it says nothing.

        A class whose name is the key comes first, then the key for no digit, then a capital by its small letter.
        """
        if key in self.classes:
            return self.classes.index(key)
        if key.lower() == NO_DIGIT_KEY:
            return NO_DIGIT
        return self.classes.index(key.upper()) if key.upper() in self.classes else None
