"""Check digits: which values cannot be, whatever the ink looks like."""

from collections.abc import Callable
from typing import NamedTuple


class Check(NamedTuple):
    """A rule that the digits of a value obey.

    Attributes:
        holds: Whether digits obey it.
        share: Of random digits, the share that obeys it by accident.
    """

    holds: Callable[[str], bool]
    share: float


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of Luhn's formula (ISO/IEC 7812-1, annex B)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def mod97(digits: str) -> bool:
    """Whether the last two digits are check digits of MOD 97-10 (ISO/IEC 7064)."""
    return int(digits) % 97 == 1


CHECKS = {"luhn": Check(luhn, 1 / 10), "mod97": Check(mod97, 1 / 97)}
