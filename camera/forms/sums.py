"""Use what must add up: it makes values surer, or chooses other ones, or sends them all to a person."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product
from math import prod

from mnist_edge.camera.forms.form import Sum
from mnist_edge.camera.forms.values import EMPTY, READ, FieldReading

# Of wrong values, the share that adds up by accident.
ACCIDENT = 0.1
# No value is surer than this where one of several must be wrong.
SUREST = 0.99
# Fields that may have another value than their likeliest, and values of each.
MAX_CHANGED, MAX_VALUES = 3, 4

Readings = dict[str, FieldReading]
Choice = tuple[tuple[str, ...], float]


def apply_sum(rule: Sum, readings: Readings) -> Readings:
    """Return the readings of a page as they are once a sum is known to hold.

    A sum with a part that nobody could read says nothing.
    """
    involved = [readings[name] for name in (*rule.parts, rule.total)]
    if any(one.outcome not in (READ, EMPTY) for one in involved):
        return readings
    choices = list(_choices(involved))
    holding = [(values, share) for values, share in choices if _holds(values)]
    if not holding:
        whole = prod(min(one.trust, SUREST) for one in involved)
        return readings | {one.name: _broken(one, rule, whole) for one in involved}
    # What is no choice holds by accident only.
    whole = sum(share for _, share in holding) + max(0.0, 1 - sum(share for _, share in choices)) * ACCIDENT
    best = max(holding, key=lambda one: one[1])[0]
    return readings | {
        one.name: _chosen(one, value, sum(share for values, share in holding if values[place] == value) / whole)
        for place, (one, value) in enumerate(zip(involved, best, strict=True))
    }


def _choices(involved: Sequence[FieldReading]) -> Iterator[Choice]:
    """Yield the likeliest values of the fields together, and with a few of them changed."""
    options = [((one.value, one.trust), *one.alternatives[: MAX_VALUES - 1]) for one in involved]
    for changed in range(MAX_CHANGED + 1):
        for places in combinations(range(len(options)), changed):
            for others in product(*(options[place][1:] for place in places)):
                chosen = [option[0] for option in options]
                for place, other in zip(places, others, strict=True):
                    chosen[place] = other
                yield tuple(value for value, _ in chosen), prod(share for _, share in chosen)


def _holds(values: Sequence[str]) -> bool:
    numbers = [Decimal(value or 0) for value in values]
    return sum(numbers[:-1]) == numbers[-1]


def _chosen(reading: FieldReading, value: str, trust: float) -> FieldReading:
    if value == reading.value:
        return replace(reading, trust=trust)
    others = tuple(one for one in reading.alternatives if one[0] != value)
    return replace(reading, value=value, trust=trust, alternatives=others, reason="chosen since it adds up")


def _broken(reading: FieldReading, rule: Sum, whole: float) -> FieldReading:
    """Return a value of a sum that does not hold: by Bayes' rule the doubtful ones lose most of their trust."""
    trust = max(0.0, (min(reading.trust, SUREST) - whole) / (1 - whole))
    return replace(reading, trust=trust, reason=f"{rule.total} does not add up")
