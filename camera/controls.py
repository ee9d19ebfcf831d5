"""What people may change while the loop runs: one object that the window, the web page and signals share."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from mnist_edge.camera.signals import Stop
from mnist_edge.errors import UsageError

NO_DIGIT = -1


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What somebody says that a digit really is.

    Attributes:
        track: Number of the digit's track.
        label: 0 to 9, or `NO_DIGIT`.
        answer: What became of it, for people, once that is known; else `LookupError` where there is no such digit, or
            `OutputError` where it could not be kept. One that is cancelled before is not kept.
    """

    track: int
    label: int
    answer: "Future[str]" = field(default_factory=Future)


@dataclass(slots=True)
class Controls:
    """Wishes, written by any thread; the loop and what it feeds look at them once a frame.

    Attributes:
        min_confidence: Digits below are refused, 0 to 1.
        stop: The request to end.
        details: Whether refused ink is drawn too, with the reason.
        paused: Whether to stay at the frame that was read last.
        held: Whether the loop stays at a still picture until somebody has looked at it, and sets this to False.
        recording: Whether frames are to be recorded; taken back where that fails, and `message` says why.
        video: The video that is being written; None where none is.
        message: What to tell the people who watch, such as where a snapshot lies; one line.
        snapshot: Whether a snapshot was asked for and is not taken yet; who asks again meanwhile gets the same one.
        corrections: Those that were not taken yet; None where nobody keeps them.
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

    def correct(self, track: int, label: int) -> Correction:
        """Say what a digit really is; the answer comes later, from another thread.

        Args:
            track: Number of the digit's track.
            label: 0 to 9, or `NO_DIGIT`.

        Raises:
            UsageError: Nobody keeps corrections.
        """
        if self.corrections is None:
            raise UsageError("corrections are kept where digits are collected; start the camera with --collect DIR")
        correction = Correction(track, label)
        self.corrections.append(correction)
        return correction
