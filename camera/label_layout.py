"""Place labels beside their boxes, and on nothing else.

Each label takes the best of its places that is free (greedy placement, after Christensen, Marks and Shieber, "An
empirical study of algorithms for point-feature label placement", 1995).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mnist_edge.camera.occupancy import Line, Occupancy, Size
from mnist_edge.reading import Box

# The farthest that a label may lie from its box, in heights of the label.
REACH = 6.0
# A label may lie in a corner of its own box where that is so many times as wide and high as the label.
ROOMY = 2.5
# A label's box, and the line that connects it with what it labels.
Found = tuple[Box, Line | None] | None


class Placed(NamedTuple):
    """The place of a label.

    Attributes:
        option: Index of the chosen size.
        box: The label.
        line: From the label to its box, where they do not touch.
    """

    option: int
    box: Box
    line: Line | None = None


def place_labels(boxes: Sequence[Box], sizes: Sequence[Sequence[Size]], occupancy: Occupancy) -> list[Placed | None]:
    """Find a place for each label that covers neither another label nor what is occupied already.

    All labels stand beside their boxes at their first size, or else all that can at their second. The others try their
    next sizes in turn, beside the box and then farther off with a line to it; at last a corner of their own box.

    Args:
        boxes: What is labelled; occupied already.
        sizes: Widths and heights in pixels that each label may have, the best first; as many for each label.
        occupancy: What is occupied; labels and lines are added.

    Returns:
        The place of each label, None where there is none.
    """
    if all_beside := _all_beside(boxes, sizes, occupancy):
        return [*all_beside]
    options = len(sizes[0]) if sizes else 0
    tries = [(find, option) for option in range(min(options - 1, 1), options) for find in (_beside, _off)]
    placed: list[Placed | None] = [None] * len(boxes)
    for find, option in [*tries, (_inside, options - 1)]:
        for index, box in enumerate(boxes):
            if placed[index] is None and (found := find(box, sizes[index][option], occupancy)):
                placed[index] = Placed(option, *found)
                occupancy.occupy(found[0])
                if found[1]:
                    occupancy.occupy_line(found[1])
    return placed


def _all_beside(boxes: Sequence[Box], sizes: Sequence[Sequence[Size]], occupancy: Occupancy) -> list[Placed]:
    """Place all labels beside their boxes at their first size; none where one of them has no place."""
    trial, placed = replace(occupancy, counts=occupancy.counts.copy()), []
    for box, options in zip(boxes, sizes, strict=True):
        found = _beside(box, options[0], trial)
        if found is None:
            return []
        placed.append(Placed(0, *found))
        trial.occupy(found[0])
    np.copyto(occupancy.counts, trial.counts)
    return placed


def _beside(box: Box, size: Size, occupancy: Occupancy) -> Found:
    """The first free place above, below or at a side."""
    return next(((label, None) for label in _around(occupancy.snapped(box), *size) if occupancy.is_free(label)), None)


def _around(box: Box, width: int, height: int) -> Iterator[Box]:
    columns = box.x, box.x + (box.width - width) // 2, box.right - width
    for y in (box.y - height, box.bottom):
        yield from (Box(x, y, width, height) for x in columns)
    for x in (box.right, box.x - width):
        yield from (Box(x, y, width, height) for y in (box.y, box.bottom - height))


def _off(box: Box, size: Size, occupancy: Occupancy) -> Found:
    return occupancy.nearest(box, size, round(REACH * size[1]))


def _inside(box: Box, size: Size, occupancy: Occupancy) -> Found:
    """A corner of the box itself, if that is large: a digit that fills the picture leaves no other place."""
    width, height = size
    box = occupancy.snapped(box)
    if box.width < ROOMY * width or box.height < ROOMY * height:
        return None
    columns, rows = (box.x, box.right - width), (box.y, box.bottom - height)
    corners = (Box(x, y, width, height) for y in rows for x in columns)
    return next(((label, None) for label in corners if occupancy.is_free(label, most=1)), None)
