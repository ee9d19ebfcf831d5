"""Digits followed from frame to frame, so that flicker is not news."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, log
from operator import itemgetter
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.association import Places, alike, associate, common_motion, leap
from mnist_edge.camera.reader.rows import group_rows, row_text
from mnist_edge.reading import Box, Digit

Kind = Literal["appeared", "changed", "gone"]

# Frames a second at which settings are meant; of a faster camera each frame says less that is new.
USUAL_RATE = 25.0
# Evidence fades by this much a frame, so that a digit that was made another is read as that within a second.
FADE = 0.97
# The surest that one frame can be: a blurred one may be wrong and sure.
SUREST = 0.98
# How much surer another label must be than the one shown, as a logarithm of probabilities; twice that after each
# change, so that a digit that can be read in two ways settles.
MARGIN = 6.0
# How much surer the first label must be than any other.
FIRST_MARGIN = 3.0
# How much of a digit's new width and height is believed: a blurred one is wider for a moment.
NEW_SHAPE = 0.3
# How long another page must seem to be there before it is believed.
TURN_SECONDS = 0.15
# How long ink in its place that cannot be read keeps a digit.
BLUR_SECONDS = 1.0
# What is left of the page's velocity after a frame in which nothing was found.
SLOWING = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before a digit is believed to be there, or gone.

    Attributes:
        appear: Frames in a row in which a digit must be seen.
        appear_seconds: From the first to the last of them, at least.
        gone: Frames in a row in which it must be missed.
        gone_seconds: For which it must be missed, at least.
    """

    appear: int
    appear_seconds: float
    gone: int
    gone_seconds: float


# In frames for a slow device and in seconds for a fast camera.
MOVING = Patience(appear=3, appear_seconds=0.07, gone=3, gone_seconds=0.35)
# A page that is seen once must be believed at once.
PAGES = Patience(appear=1, appear_seconds=0.0, gone=1, gone_seconds=0.0)


class Change(NamedTuple):
    """What happened to one digit, which has a track."""

    kind: Kind
    digit: Digit


@dataclass(slots=True)
class _Track:
    """One digit: where it is, and what speaks for each label."""

    centre: complex
    width: float
    height: float
    box: Box
    first_seen: float
    last_seen: float
    evidence: dict[int, float] = field(default_factory=dict)
    confidence: dict[int, float] = field(default_factory=dict)
    seen: int = 0
    missed: int = 0
    blurred: float = -inf
    changes: int = 0
    shown: Digit | None = None
    crop: NDArray[np.uint8] | None = None

    def see(self, digit: Digit, now: float, share: float) -> None:
        box, fade = digit.box, FADE**share
        self.centre, self.box, self.crop = complex(*box.centre), box, digit.crop
        self.width += NEW_SHAPE * (box.width - self.width)
        self.height += NEW_SHAPE * (box.height - self.height)
        self.last_seen, self.seen, self.missed = now, self.seen + 1, 0
        for label in self.evidence:
            self.evidence[label] *= fade
        self.evidence[digit.label] = self.evidence.get(digit.label, 0.0) + share * _evidence(digit.confidence)
        self.confidence[digit.label] = digit.confidence

    def move(self, centre: complex) -> None:
        """It was missed, and is believed to be here."""
        shift, box = centre - self.centre, self.box
        self.box = Box(round(box.x + shift.real), round(box.y + shift.imag), box.width, box.height)
        self.centre, self.missed = centre, self.missed + 1

    def best(self) -> tuple[int, float]:
        """The label that most speaks for, and how much more than for any other, or than for the one shown."""
        label = max(self.evidence, key=self.evidence.__getitem__)
        if self.shown:
            return label, self.evidence[label] - self.evidence[self.shown.label]
        others = (value for other, value in self.evidence.items() if other != label)
        return label, self.evidence[label] - max(others, default=0.0)

    def as_digit(self, label: int, number: int | None) -> Digit:
        return Digit(label, self.confidence[label], self.box, track=number, crop=self.crop)

    def likely(self) -> int:
        return self.shown.label if self.shown else self.best()[0]

    def holds(self, place: complex) -> bool:
        """Whether a place lies within it; a thin 1 is given some width."""
        apart = place - self.centre
        return abs(apart.real) < max(self.width, 0.4 * self.height) / 2 and abs(apart.imag) < self.height / 2


class Tracker:
    """Follows digits by place, and their labels by evidence gathered over frames.

    A page moves as a whole: where most digits went, those that were missed in a blurred frame are believed to be. A
    page whose digits are found to be others is another page: its digits are new ones, wherever they stand.
    """

    def __init__(self, patience: Patience = MOVING) -> None:
        """Start with nothing seen."""
        self._patience = patience
        self._tracks: list[_Track] = []
        self._last_number = 0
        self._now = 0.0
        self._velocity = 0j  # of the page, pixels per second
        self._doubted_since: float | None = None  # another page seems to be there than what is shown
        self._rows: list[list[Digit]] | None = []

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits that are there now, in reading order, each with its track.

        The confidence is of the latest frame that was read as `label`; the box is where the digit was seen last, moved
        with the page since, and the crop what it looked like there.
        """
        return tuple(digit for row in self._in_rows() for digit in row)

    @property
    def text(self) -> tuple[str, ...]:
        """What they say, one string a row: as in `Reading`, but without the flicker of single frames."""
        return tuple(row_text([d.label for d in row], [d.box for d in row]) for row in self._in_rows())

    def update(
        self, digits: Sequence[Digit], seconds: float | None = None, refused: Sequence[Box] = ()
    ) -> list[Change]:
        """Take in one frame's digits.

        Args:
            digits: Of the frame.
            seconds: When it was taken, on any clock; None: a 25th of a second after the one before.
            refused: Ink that was found but not read: a digit that is blurred is still there.

        Returns:
            What is new: first what has gone, then what changed or appeared.
        """
        now = self._now + 1 / USUAL_RATE if seconds is None else seconds
        passed, self._now = max(now - self._now, 1e-3) if self._tracks else 1 / USUAL_RATE, now
        self._rows = None
        self._see(digits, passed)
        for track in self._tracks:
            if track.missed and any(track.holds(complex(*box.centre)) for box in refused):
                track.blurred = min(self._now, track.last_seen + BLUR_SECONDS)
        changes = self._drop()
        for track in self._tracks:
            changes += self._judge(track)
        return changes

    def end(self) -> list[Change]:
        """Let all go: the source is at its end, or the page is turned."""
        gone = [Change("gone", digit) for digit in self.digits]
        self._tracks, self._velocity, self._doubted_since, self._rows = [], 0j, None, []
        return gone

    def _see(self, digits: Sequence[Digit], passed: float) -> None:
        found = Places.of([(complex(*d.box.centre), d.box.width, d.box.height, d.label) for d in digits])
        shift = self._velocity * min(passed, 0.2)
        pairs = self._pair(found, shift)
        centres = {index: complex(*digits[at].box.centre) for index, at in pairs.items()}
        if pairs:
            before = np.array([self._tracks[index].centre for index in centres])
            after = np.array(list(centres.values()))
            turn, offset = common_motion(before, after)
            self._velocity = complex((after - before).sum()) / len(centres) / passed
        else:
            turn, offset = 1 + 0j, shift
            self._velocity *= SLOWING
        share = min(1.0, passed * USUAL_RATE)
        for index, track in enumerate(self._tracks):
            if index in pairs:
                track.see(digits[pairs[index]], self._now, share)
            else:
                track.move(turn * track.centre + offset)
        for index in sorted(set(range(len(digits))) - set(pairs.values())):
            box = digits[index].box
            track = _Track(complex(*box.centre), box.width, box.height, box, self._now, self._now)
            track.see(digits[index], self._now, share)
            self._tracks.append(track)

    def _pair(self, found: Places, shift: complex) -> dict[int, int]:
        """Indices of tracks to indices of what was found; those that are shown choose first."""
        shown = [index for index, track in enumerate(self._tracks) if track.shown]
        pairs = self._pair_shown(shown, found, shift)
        left = np.array(sorted(set(range(len(found.label))) - set(pairs.values())), np.intp)
        waiting = [index for index, track in enumerate(self._tracks) if not track.shown]
        if not waiting or not len(left):
            return pairs
        more = associate(self._places(waiting).moved(shift), found.take(left))
        return pairs | {waiting[index]: int(left[at]) for index, at in more.items()}

    def _pair_shown(self, shown: list[int], found: Places, shift: complex) -> dict[int, int]:
        expected = self._places(shown).moved(shift)
        kept, same = _in_place(expected, found)
        # After a leap digits may lie where others were.
        if 2 * same < len(shown) and (far := leap(expected, found)):
            kept, same = max((kept, same), _in_place(expected.moved(far), found), key=itemgetter(1))
        if not self._is_same_page(len(shown), len(found.label), len(kept), same):
            return {}
        return {shown[index]: at for index, at in kept.items()}

    def _is_same_page(self, shown: int, found: int, kept: int, same: int) -> bool:
        """Whether this is still the page that is shown: `kept` of its digits are in place, and `same` are read alike.

        Blur misreads one or two of many; where most are others, it is doubted, until most are found again.
        """
        doubtful = shown > 1 and 2 * same < min(shown, found)
        if doubtful and self._doubted_since is None:
            self._doubted_since = self._now
        back = 2 * kept >= shown or (kept > 1 and 2 * kept >= found)
        if shown < 2 or (back and not doubtful):
            self._doubted_since = None
        return self._doubted_since is None

    def _places(self, indices: Sequence[int]) -> Places:
        tracks = [self._tracks[index] for index in indices]
        return Places.of([(track.centre, track.width, track.height, track.likely()) for track in tracks])

    def _drop(self) -> list[Change]:
        kept: list[_Track] = []
        lost: list[_Track] = []
        turned = self._is_turned()
        for track in self._tracks:
            since = self._now - max(track.last_seen, track.blurred)
            late = track.missed >= self._patience.gone and since > self._patience.gone_seconds
            (lost if track.missed and (late or turned or not track.shown) else kept).append(track)
        self._tracks = kept
        return [Change("gone", track.shown) for track in lost if track.shown]

    def _is_turned(self) -> bool:
        """Whether what is shown must give way to another page."""
        since = self._doubted_since
        if since is None or self._now - since < TURN_SECONDS or not any(map(self._is_settled, self._tracks)):
            return False
        self._doubted_since = None
        return True

    def _judge(self, track: _Track) -> list[Change]:
        label, margin = track.best()
        before = track.shown
        if before is None:
            if not self._is_settled(track) or self._is_in_the_way(track):
                return []
            self._last_number += 1
            track.shown = track.as_digit(label, self._last_number)
            return [Change("appeared", track.shown)]
        if label == before.label or margin <= MARGIN * 2**track.changes:
            track.shown = track.as_digit(before.label, before.track)
            return []
        track.changes += 1
        track.shown = track.as_digit(label, before.track)
        return [Change("changed", track.shown)]

    def _is_settled(self, track: _Track) -> bool:
        """Whether it was seen long enough, and its label is clear."""
        patience = self._patience
        if track.shown or track.seen < patience.appear or self._now - track.first_seen < patience.appear_seconds:
            return False
        return patience.appear == 1 or track.best()[1] >= FIRST_MARGIN

    def _is_in_the_way(self, track: _Track) -> bool:
        """Half of a blurred digit is none, and another page's digits wait until this one is given up."""
        if self._doubted_since is not None:
            return True
        return any(other.shown and other.holds(track.centre) for other in self._tracks)

    def _in_rows(self) -> list[list[Digit]]:
        """What is shown, in rows; grouped once a frame, and only where somebody asks."""
        if self._rows is None:
            shown = [track.shown for track in self._tracks if track.shown]
            rows = group_rows([digit.box for digit in shown])
            self._rows = [[replace(shown[index], row=row) for index in indices] for row, indices in enumerate(rows)]
        return self._rows


def _in_place(expected: Places, found: Places) -> tuple[dict[int, int], int]:
    """What lies where something like it is expected, and how many of these are read alike."""
    kept = alike(expected, found, associate(expected, found))
    return kept, sum(int(expected.label[index] == found.label[at]) for index, at in kept.items())


def _evidence(confidence: float) -> float:
    """How much a reading speaks for its label: its probability against that of each other one, as a logarithm."""
    sure = min(max(confidence, 0.2), SUREST)
    return log(sure / ((1 - sure) / 9))
