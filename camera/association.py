"""Which digit of a frame is which of the frame before: a page moves as a whole, and two pages are not one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The farthest that a digit may lie off where it is expected, in multiples of its longer side; its neighbour is farther.
REACH = 0.5
# The most that its longer side may grow or shrink.
GROWTH = 1.6
# How much of a change of shape counts as much as being off by the same: motion blur makes a digit wider for a moment.
SHAPE = 0.4
# How much off a digit may be, beyond what is nearest, for the sake of its label.
LABEL = 0.15
# As `REACH`, for a digit that is read as another: ink that stays where it was may be read in two ways.
CLOSE = 0.12
# The farthest that a page that was lost for a moment is looked for, in multiples of a digit's longer side.
LEAP = 2.5

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]


class Places(NamedTuple):
    """Digits as arrays, one element each.

    Attributes:
        centre: x + iy, pixels.
        width: Pixels.
        height: Pixels.
        label: 0 to 9.
    """

    centre: Complex
    width: Floats
    height: Floats
    label: NDArray[np.intp]

    @classmethod
    def of(cls, rows: Sequence[tuple[complex, float, float, int]]) -> "Places":
        """Gather them, each given as its centre, width, height and label."""
        centre, width, height, label = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(np.array(centre, complex), np.array(width, float), np.array(height, float), np.array(label, np.intp))

    def moved(self, shift: complex) -> "Places":
        """The same elsewhere."""
        return self._replace(centre=self.centre + shift)

    def take(self, indices: NDArray[np.intp]) -> "Places":
        """Some of them."""
        return Places(self.centre[indices], self.width[indices], self.height[indices], self.label[indices])


def associate(before: Places, now: Places) -> dict[int, int]:
    """Pair digits, the best fitting first; distance serves a thin 1, which hardly overlaps itself.

    Args:
        before: Where they are expected.
        now: Where they were found.

    Returns:
        Index in `before` to index in `now`; what lies off, grew or changed shape too much has no partner.
    """
    if not len(before.label) or not len(now.label):
        return {}
    sides = np.maximum(before.width, before.height)[:, None]
    larger, grown = _larger(before, now)
    apart = np.abs(before.centre[:, None] - now.centre)
    bent = np.abs(before.width[:, None] - now.width) + np.abs(before.height[:, None] - now.height)
    cost = (apart + SHAPE * bent) / np.maximum(sides, larger)
    cost[grown] = np.inf
    rows, columns = np.nonzero(cost <= REACH)
    order = np.argsort(cost[rows, columns] + LABEL * (before.label[rows] != now.label[columns]), kind="stable")
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def alike(before: Places, now: Places, pairs: dict[int, int]) -> dict[int, int]:
    """Of pairs, those that are the same digit: read as before, or just where and as large as it was on its page.

    Args:
        before: As for `associate`.
        now: As for `associate`.
        pairs: From `associate`.
    """
    if not pairs:
        return {}
    rows, columns = np.array(list(pairs)), np.array(list(pairs.values()))
    apart = now.centre[columns] - before.centre[rows]
    # The page's own motion; of less than three digits nobody knows what that is.
    if len(pairs) > 2:
        middle = len(pairs) // 2
        apart -= complex(np.sort(apart.real)[middle], np.sort(apart.imag)[middle])
    bent = np.abs(before.width[rows] - now.width[columns]) + np.abs(before.height[rows] - now.height[columns])
    close = np.abs(apart) + SHAPE * bent <= CLOSE * np.maximum(before.width, before.height)[rows]
    same = close | (before.label[rows] == now.label[columns])
    return {row: column for (row, column), kept in zip(pairs.items(), same.tolist(), strict=True) if kept}


def leap(before: Places, now: Places) -> complex | None:
    """How far a page has moved that is not where it was expected: what most equal labels agree on, or None.

    Args:
        before: Where its digits are expected.
        now: What was found.
    """
    same = before.label[:, None] == now.label
    larger, grown = _larger(before, now)
    shifts = now.centre - before.centre[:, None]
    rows, columns = np.nonzero(same & ~grown & (np.abs(shifts) <= LEAP * larger))
    # One digit alone might be another's.
    if len(rows) < 2:
        return None
    tried = shifts[rows, columns]
    agreeing = np.abs(tried[:, None] - tried) <= 0.25 * larger[rows, columns]
    votes = agreeing.sum(axis=1)
    best = int(votes.argmax())
    if votes[best] < max(2, len(before.label) / 2):
        return None
    return complex(tried[agreeing[best]].mean())


def common_motion(before: Complex, now: Complex) -> tuple[complex, complex]:
    """How a page moved as a whole: by shift, turn and zoom where three digits or more tell, else by shift.

    Args:
        before: Centres of its digits, at least one.
        now: The same digits' centres now.

    Returns:
        The factors a and b of z -> a * z + b.
    """
    middle, new_middle = before.sum() / len(before), now.sum() / len(now)
    spread = before - middle
    turn = 1.0 + 0j
    if len(before) >= 3 and (length := float((np.abs(spread) ** 2).sum())) > 0:
        turn = complex((spread.conj() * (now - new_middle)).sum() / length)
    return turn, complex(new_middle - turn * middle)


def _larger(before: Places, now: Places) -> tuple[Floats, NDArray[np.bool_]]:
    """The larger of any two's longer sides, and whether that is too much larger."""
    sides, new_sides = np.maximum(before.width, before.height)[:, None], np.maximum(now.width, now.height)
    larger = np.maximum(sides, new_sides)
    return larger, larger > GROWTH * np.minimum(sides, new_sides)
