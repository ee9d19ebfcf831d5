"""Use what must add up: it makes values surer, or chooses other ones, or sends them all to a person."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import combinations, product
from math import comb, prod
from typing import NamedTuple

from mnist_edge.camera.forms.form import Sum
from mnist_edge.camera.forms.values import EMPTY, READ, FieldReading

# Of wrong values, the share that adds up by accident.
ACCIDENT = 0.1
# No value is surer than this where one of several must be wrong.
SUREST = 0.99
# Fields that may have another value than their likeliest, values of each, and how many ways to choose them are tried:
# of a long column fewer fields at a time.
MAX_CHANGED, MAX_VALUES, MAX_CHOICES = 3, 4, 30_000
# A trust of nothing could not be compared with another.
LEAST_TRUST = 1e-9

Readings = dict[str, FieldReading]
# The values that are not the likeliest, by the place of their field.
Changes = dict[int, str]


class Choice(NamedTuple):
    """Values of all fields of a sum.

    Attributes:
        changes: Those that are not the likeliest.
        share: The probability of all of them together.
        off: By how much they do not add up.
    """

    changes: Changes
    share: float
    off: Decimal


def apply_sum(rule: Sum, readings: Readings) -> Readings:
    """Return the readings of a page as they are once a sum is known to hold.

    A sum with a part that nobody could read says nothing.
    """
    involved = [readings[name] for name in (*rule.parts, rule.total)]
    if any(one.outcome not in (READ, EMPTY) for one in involved):
        return readings
    choices = list(_choices(involved))
    holding = [choice for choice in choices if choice.off == 0]
    if not holding:
        whole = prod(min(one.trust, SUREST) for one in involved)
        return readings | {one.name: _broken(one, rule, whole) for one in involved}
    held = sum(choice.share for choice in holding)
    # What is no choice holds by accident only.
    whole = held + max(0.0, 1 - sum(choice.share for choice in choices)) * ACCIDENT
    best = max(holding, key=lambda choice: choice.share).changes
    found = {}
    for place, one in enumerate(involved):
        value = best.get(place, one.value)
        same = sum(choice.share for choice in holding if choice.changes.get(place, one.value) == value)
        found[one.name] = _chosen(one, value, same / whole)
    return readings | found


def _choices(involved: Sequence[FieldReading]) -> Iterator[Choice]:
    """Yield the likeliest values of the fields together, and with a few of them changed."""
    numbers = [Decimal(one.value or 0) for one in involved]
    likeliest, off = prod(max(one.trust, LEAST_TRUST) for one in involved), sum(numbers[:-1], -numbers[-1])
    # Of each field its other values: how much likelier they are, and what they add to the sum.
    others: list[list[tuple[str, float, Decimal]]] = []
    for place, (one, number) in enumerate(zip(involved, numbers, strict=True)):
        sign = -1 if place == len(involved) - 1 else 1
        options = one.alternatives[: MAX_VALUES - 1]
        others.append(
            [
                (value, share / max(one.trust, LEAST_TRUST), sign * (Decimal(value or 0) - number))
                for value, share in options
            ]
        )
    left = MAX_CHOICES
    for changed in range(MAX_CHANGED + 1):
        left -= comb(len(involved), changed) * (MAX_VALUES - 1) ** changed
        if changed > 1 and left < 0:
            return
        for places in combinations(range(len(involved)), changed):
            for chosen in product(*(others[place] for place in places)):
                changes = {place: value for place, (value, _, _) in zip(places, chosen, strict=True)}
                share = likeliest * prod(ratio for _, ratio, _ in chosen)
                yield Choice(changes, share, off + sum(added for _, _, added in chosen))


def adds_up(values: Sequence[str]) -> bool | None:
    """Return whether the last value is the sum of those before; None where one is no number. Nothing counts as 0."""
    try:
        numbers = [Decimal(value or 0) for value in values]
        return sum(numbers[:-1]) == numbers[-1]
    except InvalidOperation:
        return None


def _chosen(reading: FieldReading, value: str, trust: float) -> FieldReading:
    if value == reading.value:
        return replace(reading, trust=trust)
    others = tuple(one for one in reading.alternatives if one[0] != value)
    return replace(reading, value=value, trust=trust, alternatives=others, reason="chosen since it adds up")


def _broken(reading: FieldReading, rule: Sum, whole: float) -> FieldReading:
    """Return a value of a sum that does not hold: by Bayes' rule the doubtful ones lose most of their trust."""
    trust = max(0.0, (min(reading.trust, SUREST) - whole) / (1 - whole))
    return replace(reading, trust=trust, reason=f"{rule.total} does not add up")
