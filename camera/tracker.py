"""Digits followed from frame to frame, so that a single frame that is misread changes nothing.

`benchmarks/endurance/steady.py` measures what the constants below achieve on generated videos.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, NamedTuple

import numpy as np

from mnist_edge.camera.association import Places, associate, common_motion, find_jump, same_digits
from mnist_edge.camera.reader.rows import in_reading_order
from mnist_edge.camera.track import Track
from mnist_edge.reading import Box, Digit

Kind = Literal["appeared", "changed", "gone"]

# Frames per second at which the constants per frame hold; each frame of a faster camera counts for less.
USUAL_RATE = 25.0
# By how much another label's evidence must exceed that of the confirmed label. It doubles with each change, so that a
# digit that can be read in two ways settles.
CHANGE_MARGIN = 6.0
# By how much the first label's evidence must exceed that of any other before a digit is confirmed.
FIRST_MARGIN = 3.0
# How long most digits must be others before the page counts as turned: blur misreads several for a frame or two.
TURN_SECONDS = 0.15
# How long refused ink in its place keeps a digit that is no longer read.
BLUR_SECONDS = 1.0
# Velocity predicts no further ahead than this, and this share of it is left after a frame without any digit.
MAX_PREDICTION_SECONDS, VELOCITY_DECAY = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before a digit is confirmed, and before it counts as gone.

    Attributes:
        appear: Frames in which the digit must be read.
        appear_seconds: Least time from the first to the last of them.
        gone: Consecutive frames in which it must be missing.
        gone_seconds: Least time for which it must be missing.
    """

    appear: int
    appear_seconds: float
    gone: int
    gone_seconds: float


# The frames bind a slow device, the seconds a fast camera.
MOVING = Patience(appear=3, appear_seconds=0.07, gone=3, gone_seconds=0.35)
# Of pages that are each seen once, all that is read is confirmed at once.
PAGES = Patience(appear=1, appear_seconds=0.0, gone=1, gone_seconds=0.0)


class Change(NamedTuple):
    """What happened to one digit, which has a track."""

    kind: Kind
    digit: Digit


class Tracker:
    """Follows digits by their places, and decides on their labels by evidence gathered over frames.

    A page moves as a whole: digits that were missed in a blurred frame are assumed to have moved with the others. Where
    most digits are found to be others, the page was turned: its digits get new tracks, wherever they stand.
    """

    def __init__(self, patience: Patience = MOVING) -> None:
        """Start without any track."""
        self._patience = patience
        self._tracks: list[Track] = []
        self._last_number = 0
        self._now = 0.0
        self._velocity = 0j  # of the page, pixels per second
        self._doubted_since: float | None = None  # when most digits were first found to be others
        self._ordered: tuple[tuple[Digit, ...], tuple[str, ...]] | None = None  # until somebody asks after a frame

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The confirmed digits in reading order, each with its track.

        The confidence is that of the latest frame in which the label was read; the box and the crop are where the digit
        was read last, the box moved with the page since.
        """
        return self._in_order()[0]

    @property
    def text(self) -> tuple[str, ...]:
        """The text of the confirmed digits, one string a row, as in `Reading`."""
        return self._in_order()[1]

    def update(
        self, digits: Sequence[Digit], seconds: float | None = None, refused: Sequence[Box] = ()
    ) -> list[Change]:
        """Take in one frame's digits.

        Args:
            digits: Of the frame.
            seconds: When it was taken, on any clock; None: a 25th of a second after the one before.
            refused: Ink that was found but not read: a digit that is blurred is still there.

        Returns:
            What changed: first the digits that are gone, then those that changed or appeared.
        """
        now = self._now + 1 / USUAL_RATE if seconds is None else seconds
        passed, self._now = max(now - self._now, 1e-3) if self._tracks else 1 / USUAL_RATE, now
        self._ordered = None
        self._see(digits, passed)
        for track in self._tracks:
            if track.missed and any(track.contains(complex(*box.centre)) for box in refused):
                track.blurred = min(self._now, track.last_seen + BLUR_SECONDS)
        changes = [*self._drop(), *map(self._confirm, self._tracks)]
        return [change for change in changes if change]

    def end(self) -> list[Change]:
        """Drop all tracks, since the source has ended or the page is turned."""
        gone = [Change("gone", digit) for digit in self.digits]
        self._tracks, self._velocity, self._doubted_since, self._ordered = [], 0j, None, None
        return gone

    def _see(self, digits: Sequence[Digit], passed: float) -> None:
        """Give each digit to its track, move the tracks that got none with the page, and open tracks for the rest."""
        found = Places.of([(complex(*d.box.centre), d.box.width, d.box.height, d.label) for d in digits])
        shift = self._velocity * min(passed, MAX_PREDICTION_SECONDS)
        pairs = self._pair(found, shift)
        if pairs:
            before = np.array([self._tracks[index].centre for index in pairs])
            after = found.centre[list(pairs.values())]
            turn, offset = common_motion(before, after)
            self._velocity = complex((after - before).sum()) / len(pairs) / passed
        else:
            turn, offset = 1 + 0j, shift
            self._velocity *= VELOCITY_DECAY
        frames = min(1.0, passed * USUAL_RATE)
        for index, track in enumerate(self._tracks):
            if index in pairs:
                track.see(digits[pairs[index]], self._now, frames)
            else:
                track.miss(turn * track.centre + offset)
        for index in sorted(set(range(len(digits))) - set(pairs.values())):
            box = digits[index].box
            track = Track(complex(*box.centre), box.width, box.height, box, self._now, self._now)
            track.see(digits[index], self._now, frames)
            self._tracks.append(track)

    def _pair(self, found: Places, shift: complex) -> dict[int, int]:
        """Pair tracks with what was found, by indices; confirmed tracks choose first."""
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
        # After a jump digits may lie where others were.
        if 2 * same < len(shown) and (jump := find_jump(expected, found)):
            kept, same = max((kept, same), _in_place(expected.moved(jump), found), key=itemgetter(1))
        if not self._is_same_page(len(shown), len(found.label), len(kept), same):
            return {}
        return {shown[index]: at for index, at in kept.items()}

    def _is_same_page(self, shown: int, found: int, kept: int, same: int) -> bool:
        """Whether the confirmed page is still there: `kept` of its digits are in place, and `same` have their labels.

        Blur misreads one or two of many; where most labels differ, the page is doubted until most are found again.
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
        return Places.of([(track.centre, track.width, track.height, track.likely_label()) for track in tracks])

    def _drop(self) -> list[Change]:
        """Drop the tracks that were missed for too long, or all that were missed if the page was turned."""
        turned = self._is_turned()

        def is_lost(track: Track) -> bool:
            since = self._now - max(track.last_seen, track.blurred)
            late = track.missed >= self._patience.gone and since > self._patience.gone_seconds
            return track.missed > 0 and (late or turned or not track.shown)

        gone = [Change("gone", track.shown) for track in self._tracks if track.shown and is_lost(track)]
        self._tracks = [track for track in self._tracks if not is_lost(track)]
        return gone

    def _is_turned(self) -> bool:
        since = self._doubted_since
        if since is None or self._now - since < TURN_SECONDS or not any(map(self._is_settled, self._tracks)):
            return False
        self._doubted_since = None
        return True

    def _confirm(self, track: Track) -> Change | None:
        """Confirm a track or its new label where the evidence suffices, and keep what is shown up to date."""
        label, margin = track.best()
        before = track.shown
        if before is None:
            if not self._is_settled(track) or self._is_in_the_way(track):
                return None
            self._last_number += 1
            return Change("appeared", track.confirm(label, self._last_number))
        if label == before.label or margin <= CHANGE_MARGIN * 2**track.changes:
            track.confirm(before.label, before.track)
            return None
        track.changes += 1
        return Change("changed", track.confirm(label, before.track))

    def _is_settled(self, track: Track) -> bool:
        """Whether a track that is not confirmed was seen long enough, and its label is clear."""
        patience = self._patience
        if track.shown or track.seen < patience.appear or self._now - track.first_seen < patience.appear_seconds:
            return False
        return patience.appear == 1 or track.best()[1] >= FIRST_MARGIN

    def _is_in_the_way(self, track: Track) -> bool:
        """Half of a blurred digit is no digit, and another page's digits wait until this page is given up."""
        if self._doubted_since is not None:
            return True
        return any(other.shown and other.contains(track.centre) for other in self._tracks)

    def _in_order(self) -> tuple[tuple[Digit, ...], tuple[str, ...]]:
        if self._ordered is None:
            self._ordered = in_reading_order([track.shown for track in self._tracks if track.shown])
        return self._ordered


def _in_place(expected: Places, found: Places) -> tuple[dict[int, int], int]:
    """Pair what lies where the same digit is expected, and count how many of the pairs have one label."""
    kept = same_digits(expected, found, associate(expected, found))
    return kept, sum(int(expected.label[index] == found.label[at]) for index, at in kept.items())
