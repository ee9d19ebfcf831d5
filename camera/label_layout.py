"""Where labels go: beside their boxes, and on nothing else.

Greedy placement (after Christensen, Marks and Shieber, "An empirical study of algorithms for point-feature label
placement", 1995): each label takes the best of its places that is free.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mnist_edge.camera.free_room import Line, Room, Size
from mnist_edge.reading import Box

# A label that finds no room beside its box may go so far from it, in its own heights.
REACH = 6.0
# A label may lie in a corner of its own box where that is so many times as wide and high.
ROOMY = 2.5
# A label's box, and the line that ties it to what it labels.
Found = tuple[Box, Line | None] | None


class Placed(NamedTuple):
    """Where a label lies.

    Attributes:
        option: Which of its sizes was chosen.
        box: The label.
        line: From the label to its box, where they do not touch.
    """

    option: int
    box: Box
    line: Line | None = None


def place_labels(boxes: Sequence[Box], sizes: Sequence[Sequence[Size]], room: Room) -> list[Placed | None]:
    """Find a place for each label that covers neither another label nor what is taken already.

    All stand beside their boxes at their first size, or else all that can at their second. The others try their next
    sizes in turn, each beside the box and then a little off, tied to it by a line; at last a corner of their own box.

    Args:
        boxes: What is labelled; taken already.
        sizes: Of each label the widths and heights that it may have, pixels, the best first; as many for each.
        room: What is taken; labels and lines are added.

    Returns:
        One for each label, None where there is no room for it.
    """
    if all_beside := _all_beside(boxes, sizes, room):
        return [*all_beside]
    options = len(sizes[0]) if sizes else 0
    placed: list[Placed | None] = [None] * len(boxes)
    for option in range(min(options - 1, 1), options):
        for find in (_beside, _off):
            _place(find, option, boxes, sizes, placed, room)
    _place(_inside, options - 1, boxes, sizes, placed, room)
    return placed


def _all_beside(boxes: Sequence[Box], sizes: Sequence[Sequence[Size]], room: Room) -> list[Placed]:
    """All labels at their first size, beside their boxes; none where one of them finds no room."""
    trial, placed = replace(room, taken=room.taken.copy()), []
    for box, options in zip(boxes, sizes, strict=True):
        found = _beside(box, options[0], trial)
        if found is None:
            return []
        placed.append(Placed(0, *found))
        trial.take(found[0])
    np.copyto(room.taken, trial.taken)
    return placed


def _place(
    find: Callable[[Box, Size, Room], Found],
    option: int,
    boxes: Sequence[Box],
    sizes: Sequence[Sequence[Size]],
    placed: list[Placed | None],
    room: Room,
) -> None:
    """Give those without a place one of a kind, where it is free."""
    for index, box in enumerate(boxes):
        if placed[index] is None and (found := find(box, sizes[index][option], room)):
            label, line = found
            placed[index] = Placed(option, label, line)
            room.take(label)
            if line:
                room.take_line(line)


def _beside(box: Box, size: Size, room: Room) -> Found:
    """Above, below or at a side, the first that is free."""
    return next(((label, None) for label in _around(room.snapped(box), *size) if room.holds(label)), None)


def _around(box: Box, width: int, height: int) -> Iterator[Box]:
    columns = box.x, box.x + (box.width - width) // 2, box.right - width
    for y in (box.y - height, box.bottom):
        yield from (Box(x, y, width, height) for x in columns)
    for x in (box.right, box.x - width):
        yield from (Box(x, y, width, height) for y in (box.y, box.bottom - height))


def _off(box: Box, size: Size, room: Room) -> Found:
    return room.nearest(box, size, round(REACH * size[1]))


def _inside(box: Box, size: Size, room: Room) -> Found:
    """In a corner of a large box, on nothing else: a digit that fills the picture leaves no other place."""
    width, height = size
    box = room.snapped(box)
    if box.width < ROOMY * width or box.height < ROOMY * height:
        return None
    columns, rows = (box.x, box.right - width), (box.y, box.bottom - height)
    corners = (Box(x, y, width, height) for y in rows for x in columns)
    return next(((label, None) for label in corners if room.holds(label, most=1)), None)
