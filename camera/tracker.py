"""Digits followed from frame to frame, so that flicker is not news."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.rows import group_rows, row_text
from mnist_edge.reading import Box, Digit

Kind = Literal["appeared", "changed", "gone"]

# Evidence fades by this much a frame: a digit read as another must be so for five frames to outweigh what was before.
FADE = 0.8
# How much stronger the new label must be; reading 4, 9, 4, 9 in turn never reaches it.
MARGIN = 2.0
# The farthest that a digit may move between two frames, in multiples of its longer side; its neighbour is farther.
REACH = 0.6
# The most that its longer side may grow or shrink.
GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before a digit is believed to be there, or gone.

    Attributes:
        appear: Frames in a row in which a digit must be seen.
        gone: Frames in a row in which it may be missed.
    """

    appear: int
    gone: int


MOVING = Patience(appear=3, gone=5)
# A page that is seen once must be believed at once.
PAGES = Patience(appear=1, gone=0)


@dataclass(frozen=True, slots=True)
class TrackedDigit:
    """A digit that has been seen long enough.

    Attributes:
        track: Its number, 1 for the first; never used again.
        label: 0 to 9.
        confidence: Of the latest frame that was read as `label`, 0 to 1.
        box: Where it was seen last.
    """

    track: int
    label: int
    confidence: float
    box: Box


class Change(NamedTuple):
    """What happened to one digit."""

    kind: Kind
    digit: TrackedDigit


@dataclass(slots=True)
class _Track:
    seen_as: Digit
    evidence: NDArray[np.float64] = field(default_factory=lambda: np.zeros(10))
    seen: int = 0
    missed: int = 0
    shown: TrackedDigit | None = None

    def see(self, digit: Digit) -> None:
        self.evidence *= FADE
        self.evidence[digit.label] += digit.confidence
        self.seen, self.missed, self.seen_as = self.seen + 1, 0, digit

    def label(self) -> int:
        best = int(self.evidence.argmax())
        if self.shown and self.evidence[best] <= MARGIN * self.evidence[self.shown.label]:
            return self.shown.label
        return best

    def as_tracked(self, number: int) -> TrackedDigit:
        label, now = self.label(), self.seen_as
        confidence = now.confidence if now.label == label or not self.shown else self.shown.confidence
        return TrackedDigit(number, label, confidence, now.box)


class Tracker:
    """Follows digits by place, and their labels by evidence gathered over frames."""

    def __init__(self, patience: Patience = MOVING) -> None:
        """Start with nothing seen."""
        self._patience = patience
        self._tracks: list[_Track] = []
        self._last_number = 0

    @property
    def digits(self) -> tuple[TrackedDigit, ...]:
        """Those that are there now, in reading order."""
        shown = [track.shown for track in self._tracks if track.shown]
        return tuple(shown[index] for row in group_rows([digit.box for digit in shown]) for index in row)

    @property
    def text(self) -> tuple[str, ...]:
        """What they say, one string a row: as in `Reading`, but without the flicker of single frames."""
        digits = self.digits
        rows = ([digits[index] for index in row] for row in group_rows([digit.box for digit in digits]))
        return tuple(row_text([d.label for d in row], [d.box for d in row]) for row in rows)

    def update(self, digits: Sequence[Digit]) -> list[Change]:
        """Take in one frame's digits.

        Returns:
            What is new: first what has gone, then what changed or appeared.
        """
        self._see(digits)
        changes = self._drop()
        for track in self._tracks:
            changes += self._judge(track)
        return changes

    def end(self) -> list[Change]:
        """Let all go: the source is at its end, or the page is turned."""
        gone = [Change("gone", digit) for digit in self.digits]
        self._tracks = []
        return gone

    def _see(self, digits: Sequence[Digit]) -> None:
        pairs = match([track.seen_as.box for track in self._tracks], [digit.box for digit in digits])
        for index, track in enumerate(self._tracks):
            if index in pairs:
                track.see(digits[pairs[index]])
            else:
                track.missed += 1
        for index in sorted(set(range(len(digits))) - set(pairs.values())):
            self._tracks.append(_Track(digits[index]))
            self._tracks[-1].see(digits[index])

    def _drop(self) -> list[Change]:
        lost = [t for t in self._tracks if t.missed > (self._patience.gone if t.shown else 0)]
        self._tracks = [track for track in self._tracks if all(track is not other for other in lost)]
        return [Change("gone", track.shown) for track in lost if track.shown]

    def _judge(self, track: _Track) -> list[Change]:
        before = track.shown
        if before is None and track.seen < self._patience.appear:
            return []
        if before is None:
            self._last_number += 1
        track.shown = track.as_tracked(before.track if before else self._last_number)
        if before is None:
            return [Change("appeared", track.shown)]
        return [Change("changed", track.shown)] if before.label != track.shown.label else []


def match(before: Sequence[Box], now: Sequence[Box]) -> dict[int, int]:
    """Pair boxes of two frames, nearest centres first; distance serves a thin 1, which hardly overlaps itself.

    Returns:
        Index in `before` to index in `now`; what moved or grew too far has no partner.
    """
    if not before or not now:
        return {}
    old, new = np.array(before, np.float64)[:, None], np.array(now, np.float64)[None]
    sides, new_sides = old[..., 2:].max(-1), new[..., 2:].max(-1)
    larger = np.maximum(sides, new_sides)
    apart = np.linalg.norm((old[..., :2] + old[..., 2:] / 2) - (new[..., :2] + new[..., 2:] / 2), axis=-1) / larger
    apart[larger > GROWTH * np.minimum(sides, new_sides)] = np.inf
    pairs: dict[int, int] = {}
    for flat in np.argsort(apart, axis=None, kind="stable"):
        row, column = divmod(int(flat), len(now))
        if apart[row, column] > REACH:
            break
        if row not in pairs and column not in pairs.values():
            pairs[row] = column
    return pairs
