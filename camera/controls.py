"""What people may change while the loop runs: one object that the window, the web page and signals share."""

from collections import deque
from dataclasses import dataclass, field

from mnist_edge.camera.signals import Stop


@dataclass(slots=True)
class Controls:
    """Wishes, written by any thread; the loop and what it feeds look at them once a frame.

    Attributes:
        min_confidence: Digits below are refused, 0 to 1.
        stop: The request to end.
        details: Whether refused ink is drawn too, with the reason.
        paused: Whether to stay at the frame that was read last.
        held: Whether the loop stays at a still picture until somebody has looked at it, and sets this to False.
        recording: Whether frames are recorded.
        message: What to tell the people who watch, such as where a snapshot lies; one line.
        snapshots: How many snapshots were asked for and not taken yet.
        corrections: Pairs of a track's number and its true label, 0 to 9, or -1 for what is no digit.
    """

    min_confidence: float
    stop: Stop = field(default_factory=Stop)
    details: bool = False
    paused: bool = False
    held: bool = False
    recording: bool = False
    message: str = ""
    snapshots: int = 0
    corrections: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=1000))
