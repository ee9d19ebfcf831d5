"""The track of one digit through the frames."""

from dataclasses import dataclass, field
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from mnist_edge.reading import Box, Digit

# Factor by which evidence decays in a frame: a digit that was altered on the paper is read anew within a second.
DECAY = 0.97
# The confidence that counts at least and at most: a blurred frame may be wrong and sure.
MIN_CONFIDENCE, MAX_CONFIDENCE = 0.2, 0.98
# Share of a newly seen width and height in the smoothed ones: motion blur makes a digit wider for a moment.
NEW_SIZE = 0.3
# Least width of the place that a digit takes, in heights: a 1 is thinner than the error of its position.
MIN_WIDTH = 0.4


@dataclass(slots=True)
class Track:
    """One digit: where it is, and the evidence for each label.

    Attributes:
        centre: x + iy, pixels: where the digit was read last, moved with the page since.
        width: Smoothed over the frames, pixels.
        height: Smoothed over the frames, pixels.
        box: Where the digit was read last, moved with the page since.
        first_seen: Seconds.
        last_seen: Seconds.
        evidence: For each label that was read, as the logarithm of a probability over another.
        latest: For each label, the digit of the latest frame in which it was read.
        seen: Frames in which the digit was read.
        missed: Consecutive frames in which it was not.
        blurred: Until when refused ink in its place keeps it, seconds.
        changes: How often its label has changed.
        shown: The digit, once it is confirmed.
        crop: Of the latest frame in which it was read.
    """

    centre: complex
    width: float
    height: float
    box: Box
    first_seen: float
    last_seen: float
    evidence: dict[int, float] = field(default_factory=dict)
    latest: dict[int, Digit] = field(default_factory=dict)
    seen: int = 0
    missed: int = 0
    blurred: float = -inf
    changes: int = 0
    shown: Digit | None = None
    crop: NDArray[np.uint8] | None = None

    def see(self, digit: Digit, now: float, frames: float) -> None:
        """Take in a reading that counts as so many frames, at most 1."""
        box = digit.box
        self.centre, self.box, self.crop = complex(*box.centre), box, digit.crop
        self.width += NEW_SIZE * (box.width - self.width)
        self.height += NEW_SIZE * (box.height - self.height)
        self.last_seen, self.seen, self.missed = now, self.seen + 1, 0
        fade = DECAY**frames
        for label in self.evidence:
            self.evidence[label] *= fade
        self.evidence[digit.label] = self.evidence.get(digit.label, 0.0) + frames * _evidence(digit.confidence)
        self.latest[digit.label] = digit

    def miss(self, centre: complex) -> None:
        """Note that the digit was not read, and is expected at another place now."""
        shift, box = centre - self.centre, self.box
        self.box = Box(round(box.x + shift.real), round(box.y + shift.imag), box.width, box.height)
        self.centre, self.missed = centre, self.missed + 1

    def best(self) -> tuple[int, float]:
        """Return the label with the most evidence, and its lead over the confirmed label, or else over any other."""
        label = max(self.evidence, key=self.evidence.__getitem__)
        if self.shown:
            return label, self.evidence[label] - self.evidence[self.shown.label]
        others = (value for other, value in self.evidence.items() if other != label)
        return label, self.evidence[label] - max(others, default=0.0)

    def likely_label(self) -> int:
        """Return the confirmed label, or else the one with the most evidence."""
        return self.shown.label if self.shown else self.best()[0]

    def confirm(self, label: int, number: int | None) -> Digit:
        """Show the digit with this label and number of the track from now on."""
        read = self.latest[label]
        self.shown = Digit(label, read.confidence, self.box, track=number, crop=self.crop, name=read.name)
        return self.shown

    def contains(self, place: complex) -> bool:
        """Return whether a place, x + iy, lies within the digit."""
        apart = place - self.centre
        wide = max(self.width, MIN_WIDTH * self.height)
        return abs(apart.real) < wide / 2 and abs(apart.imag) < self.height / 2


def _evidence(confidence: float) -> float:
    """The logarithm of a label's probability over that of each other label, if these share the rest equally."""
    sure = min(max(confidence, MIN_CONFIDENCE), MAX_CONFIDENCE)
    return log(sure / ((1 - sure) / 9))
