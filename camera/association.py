"""Pair the digits of a frame with those of the frame before: a page moves as a whole, and may give way to another."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The farthest that a digit may lie from its expected place, in multiples of its longer side; its neighbour is farther.
REACH = 0.5
# The factor by which its longer side may grow or shrink.
MAX_GROWTH = 1.6
# Weight of a change in width and height beside a distance: motion blur makes a digit wider for a moment.
SHAPE_WEIGHT = 0.4
# What another label costs in the choice of pairs, as a distance in multiples of the longer side.
LABEL_COST = 0.15
# As `REACH`, for a digit that is read as another: ink that stayed in its place may be read in two ways.
CLOSE = 0.12
# The farthest that a page may have jumped, in multiples of a digit's longer side.
MAX_JUMP = 2.5
# Two digits agree on a jump that differs by no more than this, in multiples of the longer side.
SAME_JUMP = 0.25

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
        """Gather digits that are each given as centre, width, height and label."""
        centre, width, height, label = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(np.array(centre, complex), np.array(width, float), np.array(height, float), np.array(label, np.intp))

    def moved(self, shift: complex) -> "Places":
        """Return the same digits moved by `shift` pixels."""
        return self._replace(centre=self.centre + shift)

    def take(self, indices: NDArray[np.intp]) -> "Places":
        """Return the digits at `indices`."""
        return Places(self.centre[indices], self.width[indices], self.height[indices], self.label[indices])


def associate(before: Places, now: Places) -> dict[int, int]:
    """Pair digits by distance, the nearest first: a thin 1 that moved hardly overlaps itself.

    Args:
        before: Where the digits are expected.
        now: Where digits were found.

    Returns:
        Indices in `before` to indices in `now`; what moved, grew or changed its shape too much is not paired.
    """
    if not len(before.label) or not len(now.label):
        return {}
    sides = np.maximum(before.width, before.height)[:, None]
    larger, grown = _larger(before, now)
    apart = np.abs(before.centre[:, None] - now.centre)
    change = np.abs(before.width[:, None] - now.width) + np.abs(before.height[:, None] - now.height)
    cost = (apart + SHAPE_WEIGHT * change) / np.maximum(sides, larger)
    cost[grown] = np.inf
    rows, columns = np.nonzero(cost <= REACH)
    order = np.argsort(cost[rows, columns] + LABEL_COST * (before.label[rows] != now.label[columns]), kind="stable")
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def same_digits(before: Places, now: Places, pairs: dict[int, int]) -> dict[int, int]:
    """Return those pairs of `associate` that are one digit: of one label, or of one place and size on the page."""
    if not pairs:
        return {}
    rows, columns = np.array(list(pairs)), np.array(list(pairs.values()))
    apart = now.centre[columns] - before.centre[rows]
    # Less the page's own motion, which three digits or more agree on.
    if len(pairs) > 2:
        middle = len(pairs) // 2
        apart -= complex(np.sort(apart.real)[middle], np.sort(apart.imag)[middle])
    change = np.abs(before.width[rows] - now.width[columns]) + np.abs(before.height[rows] - now.height[columns])
    close = np.abs(apart) + SHAPE_WEIGHT * change <= CLOSE * np.maximum(before.width, before.height)[rows]
    same = close | (before.label[rows] == now.label[columns])
    return {row: column for (row, column), kept in zip(pairs.items(), same.tolist(), strict=True) if kept}


def find_jump(before: Places, now: Places) -> complex | None:
    """Return by how many pixels a page jumped from where it was expected, as most equal labels agree, or None."""
    same = before.label[:, None] == now.label
    larger, grown = _larger(before, now)
    shifts = now.centre - before.centre[:, None]
    rows, columns = np.nonzero(same & ~grown & (np.abs(shifts) <= MAX_JUMP * larger))
    # One digit alone might be another's.
    if len(rows) < 2:
        return None
    tried = shifts[rows, columns]
    agreeing = np.abs(tried[:, None] - tried) <= SAME_JUMP * larger[rows, columns]
    votes = agreeing.sum(axis=1)
    best = int(votes.argmax())
    if votes[best] < max(2, len(before.label) / 2):
        return None
    return complex(tried[agreeing[best]].mean())


def common_motion(before: Complex, now: Complex) -> tuple[complex, complex]:
    """Return a and b of the motion z -> a * z + b of a page: shift, turn and zoom, or the shift alone of two digits.

    Args:
        before: Centres of its digits, at least one.
        now: The same digits' centres now.
    """
    middle, new_middle = before.sum() / len(before), now.sum() / len(now)
    spread = before - middle
    turn = 1.0 + 0j
    if len(before) >= 3 and (length := float((np.abs(spread) ** 2).sum())) > 0:
        turn = complex((spread.conj() * (now - new_middle)).sum() / length)
    return turn, complex(new_middle - turn * middle)


def _larger(before: Places, now: Places) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the larger of any two longer sides, and whether it is too much larger."""
    sides, new_sides = np.maximum(before.width, before.height)[:, None], np.maximum(now.width, now.height)
    larger = np.maximum(sides, new_sides)
    return larger, larger > MAX_GROWTH * np.minimum(sides, new_sides)
