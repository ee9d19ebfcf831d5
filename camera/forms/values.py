"""From the marks in a field to its value, and the probability that the value is right."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from math import prod
from statistics import median

from mnist_edge.camera.forms.checks import CHECKS
from mnist_edge.camera.forms.form import Field
from mnist_edge.reading import Box, Digit, Rejected

# The probability that all digits were found and belong to the field, where nothing in the ink speaks against it; of
# the surest values on generated pages about one in 150 is wrong.
WELL_SEGMENTED = 0.994
# Refused ink in the field is a digit of the value where the pattern has a place for it, or it is something else, such
# as a value that was crossed out, a word or a blot.
DIGIT_AFTER_ALL, UNEXPLAINED = 0.8, 0.2
# What was refused for this reason looks like a digit to the finder, and in a field nobody expects words.
DOUBT, DOUBTED = "low confidence", 0.97
# Refused ink with less confidence is no digit anywhere.
UNLIKELY = 0.03
# A digit that the reader accepted is none, however sure its label is.
SPURIOUS = 0.01
# Such ink is at least so high as a share of the digits'; what is lower is dirt or a decimal point.
NOTABLE = 0.4
# Least height of a digit, pixels of the size in which forms are read, where digits of a hundredth are readable.
LEAST_DIGIT = 12
# An empty field, where no ink at all is in it, and where there are specks.
SURELY_EMPTY, PERHAPS_EMPTY = 0.999, 0.9
# Share of a field that is ink when something stands in it: a thin 1 in a wide field has 0.01.
INKED = 0.004
# More of a field's ink than this in no mark is a digit that was not found; the rims of strokes and the rest of lines
# are less.
LOOSE = 0.15
# Values with less trust are left to a person, unless somebody wants it otherwise.
MIN_TRUST = 0.95
# Less probable values are not followed, nor more than so many.
LEAST_SHARE, KEPT = 1e-4, 24
# A minus: so many times as wide as high, lower than this share of the digits, and so near to their middle.
DASH, THIN, LEVEL = 1.5, 0.5, 0.3

READ, REVIEW, EMPTY = "read", "review", "empty"
CUT_OFF, BESIDE, UNREADABLE = "cut off", "beside", "unreadable"

Alternatives = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class FieldReading:
    """What stands in a field.

    Attributes:
        name: The field's.
        value: As its pattern has it; nothing where nothing could be read, or the field is empty and may be.
        trust: The probability that `value` is right, 0 to 1.
        outcome: `read`, `empty`, or why a person must look: `review` (too little trust), `unreadable`, `cut off` (the
            photograph does not show all of the field) or `beside` (the field is empty, and a digit is near it).
        reason: What a person should know; may be nothing.
        alternatives: Other values with their probabilities, the likeliest first.
        digits: What was taken for its digits, from left to right; comparisons leave them out.
        box: Around the field on `PageReading.picture`; None where the page is not known.
    """

    name: str
    value: str
    trust: float
    outcome: str
    reason: str = ""
    alternatives: Alternatives = ()
    digits: tuple[Digit, ...] = field(default=(), compare=False, repr=False)
    box: Box | None = None

    @property
    def settled(self) -> bool:
        """Whether nobody needs to look."""
        return self.outcome in (READ, EMPTY)


@dataclass(frozen=True, slots=True)
class Ink:
    """The marks in one field.

    Attributes:
        digits: From left to right.
        refused: Ink that the reader refused.
        specks: Boxes of other ink, such as dirt, a decimal point or a minus.
        dark: The share of the field that is ink, 0 to 1.
        loose: The share of that ink which is in none of the marks, 0 to 1.
    """

    digits: tuple[Digit, ...]
    refused: tuple[Rejected, ...]
    dark: float
    loose: float = 0.0
    specks: tuple[Box, ...] = ()


def read_value(field: Field, ink: Ink) -> FieldReading:
    """Find the value of a field that best explains its ink among those that its pattern, range and check allow."""
    notable = [mark for mark in ink.refused if mark.box.height >= NOTABLE * _height(ink)] if ink.digits else ink.refused
    if not ink.digits and not any(mark.confidence >= UNLIKELY for mark in notable):
        return _without_digits(field, ink)
    well_segmented = WELL_SEGMENTED * UNEXPLAINED ** (ink.loose > LOOSE)
    if field.pattern is None:
        text = "\n".join(_rows(ink.digits))
        trust = well_segmented * prod(digit.confidence for digit in ink.digits) * UNEXPLAINED ** bool(notable)
        doubt = "ink that is no digit" if notable else ""
        return FieldReading(field.name, text, trust, READ, doubt, digits=ink.digits)
    possible: dict[str, float] = {}
    taken: dict[str, tuple[Digit, ...]] = {}
    for digits, share in _hypotheses(field.pattern.counts, ink.digits, notable):
        minus = field.pattern.asks_for_minus and _has_minus(digits, [*(mark.box for mark in ink.refused), *ink.specks])
        for text, own in _texts(digits):
            value = field.pattern.fill(text, minus) or ""
            possible[value] = possible.get(value, 0.0) + well_segmented * share * own
            taken.setdefault(value, tuple(digits))
    if not possible:
        found = f"{len(ink.digits)} of {_told(field.pattern.counts)} digits found"
        return FieldReading(field.name, "", 0.0, UNREADABLE, found, digits=ink.digits)
    allowed = {value: share for value, share in possible.items() if field.fits(value)}
    # What is left is ink that was cut wrongly, or a third label; a random value fits by accident only.
    others = (1 - sum(possible.values())) * _accident(field)
    ranked = rank({value: share / (sum(allowed.values()) + others) for value, share in allowed.items()})
    if not ranked:
        seen = max(possible, key=lambda value: possible[value], default="")
        broken = f"{seen} breaks the range or the check of the field"
        return FieldReading(field.name, seen, 0.0, UNREADABLE, broken, digits=taken.get(seen, ()))
    doubtful = len(ink.digits) not in field.pattern.counts or notable or ink.loose > LOOSE
    reason = "ink that is hardly a digit, or none" if doubtful else ""
    return FieldReading(field.name, *ranked[0], READ, reason, ranked[1:], taken[ranked[0][0]])


def rank(values: dict[str, float]) -> Alternatives:
    """Return values with their probabilities, the likeliest first; the least likely are left out, but for the first."""
    ranked = sorted(values.items(), key=lambda one: -one[1])
    return tuple(one for one in ranked if one is ranked[0] or one[1] > LEAST_SHARE)


def settle(reading: FieldReading, min_trust: float) -> FieldReading:
    """Leave a value with less trust than this to a person."""
    if reading.settled and reading.trust < min_trust:
        return replace(reading, outcome=REVIEW, reason=reading.reason or "not sure enough")
    return reading


def _without_digits(field: Field, ink: Ink) -> FieldReading:
    if ink.dark > INKED:
        return FieldReading(field.name, "", 0.0, UNREADABLE, "ink that is no digit")
    trust = PERHAPS_EMPTY if ink.refused or ink.specks else SURELY_EMPTY
    if field.empty is None:
        return FieldReading(field.name, "", trust, REVIEW, "empty")
    return FieldReading(field.name, field.empty, trust, EMPTY)


def _hypotheses(
    counts: Sequence[int], found: Sequence[Digit], refused: Sequence[Rejected]
) -> list[tuple[list[Digit], float]]:
    """Return which ink may be the value's digits, from left to right, each with its probability.

    For more digits than were found, refused ink that looks like one is taken too; for fewer, the least sure are left
    out. What then remains unexplained makes it less probable.
    """
    sure = sorted(found, key=lambda digit: -digit.confidence)
    outside = [mark for mark in refused if not any(_covers(digit.box, mark.box) for digit in found)]
    looking = sorted((mark for mark in outside if mark.confidence >= UNLIKELY), key=lambda mark: -mark.confidence)
    spare = [Digit(mark.label, mark.probability, mark.box, crop=mark.crop) for mark in looking]
    as_digit = [DOUBTED if mark.reason == DOUBT else DIGIT_AFTER_ALL for mark in looking]
    hypotheses = []
    for count in counts:
        taken = max(0, count - len(sure))
        if taken > len(spare):
            continue
        left = [1 - share for share in as_digit[taken:]] + [UNEXPLAINED] * (len(outside) - len(spare))
        share = prod(as_digit[:taken]) * prod(left)
        share *= SPURIOUS ** max(0, len(sure) - count)
        digits = sorted([*sure[:count], *spare[:taken]], key=lambda digit: digit.box.centre)
        hypotheses.append((digits, share))
    return hypotheses


def _told(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _texts(digits: Sequence[Digit]) -> list[tuple[str, float]]:
    """Return what the digits may say, with the probability of each."""
    choices = []
    for digit in digits:
        other = [(digit.runner_up.label, digit.runner_up.probability)] if digit.runner_up else []
        # That a digit stands here the pattern says.
        sure = digit.confidence if digit.label_probability is None else digit.label_probability
        choices.append([(digit.label, sure), *other])
    texts = [("", 1.0)]
    for options in choices:
        longer = [(text + str(label), share * own) for (text, share), (label, own) in product(texts, options)]
        texts = sorted(longer, key=lambda one: -one[1])[:KEPT]
    return texts


def _accident(field: Field) -> float:
    """The share of random values that the range and the check allow."""
    assert field.pattern
    share = CHECKS[field.check].share if field.check else 1.0
    if field.least is None and field.most is None:
        return share
    most = Decimal(field.pattern.fill("9" * field.pattern.counts[-1]) or 0)
    least = -most if field.pattern.asks_for_minus else Decimal(0)
    low = max(least, Decimal(str(field.least))) if field.least is not None else least
    high = min(most, Decimal(str(field.most))) if field.most is not None else most
    return share * min(1.0, max(0.0, float((high - low) / max(most - least, Decimal(1)))))


def _has_minus(digits: Sequence[Digit], marks: Sequence[Box]) -> bool:
    first = digits[0].box
    return any(
        mark.width > DASH * mark.height
        and mark.height < THIN * first.height
        and mark.right <= first.x + first.width / 4
        and abs(mark.centre[1] - first.centre[1]) < LEVEL * first.height
        for mark in marks
    )


def _rows(digits: Sequence[Digit]) -> list[str]:
    rows: dict[int, str] = {}
    for digit in digits:
        rows[digit.row] = rows.get(digit.row, "") + str(digit.label)
    return [rows[row] for row in sorted(rows)]


def _height(ink: Ink) -> float:
    return median(digit.box.height for digit in ink.digits)


def _covers(box: Box, other: Box) -> bool:
    """Whether most of another box lies in this one."""
    across = min(box.right, other.right) - max(box.x, other.x)
    down = min(box.bottom, other.bottom) - max(box.y, other.y)
    return max(across, 0) * max(down, 0) > 0.5 * other.area
