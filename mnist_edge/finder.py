"""Find digits of any size in a picture: a network that finds those of one size looks at a pyramid of the picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge import polarity
from mnist_edge.detection import LOWEST, STRIDE, Detections, Floats, broad, decode, iou_matrix, suppress
from mnist_edge.ink_level import WINDOW, ink_level
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# The pyramid ends where the longer side is below twice this, pixels: a digit that fills it is found at that level.
LEAST_SIDE = 16
# Of what the finder sees either way, so that nothing at all tells neither.
SOME = 0.05
# Levels are looked at in squares of this side, pixels, where that is less than all of it, and only where the next
# smaller level shows ink; a square answers for what lies this far from its rim.
TILE, RIM = 256, 32
# Ink of the next smaller level that may be a digit: its level, 0 to 255.
FAINT = 20
# Ink is explained by a detection that is so sure, as `_sureness` has it, and by this margin round it, a share of its
# longer side.
EXPLAINS, AROUND = 0.6, 0.3
# Connected ink is explained by a detection of any score whose box has this IoU with its own: it is that digit, or none.
FILLS = 0.5
# Ink whose longer side has fewer pixels is a speck at any larger level.
SPECK = 3

# Pixels between two places of the network's output.
PLACE = 2 * STRIDE
# Levels whose longer side is no longer than this, pixels, get a rim of paper, a multiple of 8 wide: a digit may fill
# the picture there, and the network is less sure of what touches its edge. (Of 40 generated pages with one digit of 0.8
# of their height 33 are read, not 13; a rim round every level loses 4 % of the digits of other pages, this one none.)
RIMMED, PAPER = 100, 32

# A finder's network: from an ink level, shape (height, width), uint8, to its output, shape (height / 8, width / 8, 60),
# sides rounded up, as `mnist_edge.detection` explains it. `FinderNetwork` is one.
Network = Callable[[NDArray[np.uint8]], Floats]


class Look(NamedTuple):
    """What the network says of a part of a level.

    Attributes:
        x: Of the part's left edge, pixels of the level.
        y: Of its upper edge.
        output: Shape (rows, columns, 60).
    """

    x: int
    y: int
    output: Floats


class Level:
    """One level of a picture's pyramid.

    Attributes:
        picture: Shape (height, width, 3), BGR.
        light_on_dark: Whether the writing is lighter than what it stands on.
        looks: Where the network looked; nowhere, where all ink is explained by what is seen at smaller levels.
        detections: What it saw there, boxes in pixels of the level.
        explained: Shape (n, 4): left, top, right and bottom of what sure ones explain the ink of.
    """

    def __init__(self, picture: NDArray[np.uint8], light_on_dark: bool) -> None:
        """A level that nobody has looked at."""
        self.picture = picture
        self.light_on_dark = light_on_dark
        self.looks: tuple[Look, ...] = ()
        self.detections = Detections.none()
        self.explained = np.zeros((0, 4), np.float32)
        self._ink: NDArray[np.uint8] | None = None

    @property
    def ink(self) -> NDArray[np.uint8]:
        """Its ink level, shape (height, width)."""
        if self._ink is None:
            self._ink = ink_level(self.picture, self.light_on_dark)
        return self._ink

    def ink_within(self, area: Box) -> NDArray[np.uint8]:
        """The ink level of a part, which costs no more than that part does."""
        if self._ink is not None:
            return self._ink[area.slices]
        left, top = min(area.x, WINDOW), min(area.y, WINDOW)
        part = self.picture[area.y - top : area.bottom + WINDOW, area.x - left : area.right + WINDOW]
        return ink_level(part, self.light_on_dark)[top : top + area.height, left : left + area.width]

    def look(self, areas: Sequence[tuple[Box, Box]], network: Network, least_score: float) -> None:
        """Let the network look at parts of it, with what is around each."""
        looks = []
        for area, seen in areas:
            whole = seen.width == self.picture.shape[1] and seen.height == self.picture.shape[0]
            output = _run(network, self.ink if whole else self.ink_within(seen))
            rows, columns = _places(area.y - seen.y, area.height), _places(area.x - seen.x, area.width)
            looks.append(Look(area.x, area.y, output[rows, columns]))
        self.looks = tuple(looks)
        found = [decode(look.output, least_score).moved(look.x, look.y) for look in looks]
        if found:
            self.detections = Detections.joined(found)
        sure = self.detections.boxes[_sureness(self.detections) >= EXPLAINS]
        margins = 1 + AROUND * sure[:, 2:].max(axis=1, initial=0, keepdims=True)
        corners = [sure[:, :2] - margins, sure[:, :2] + sure[:, 2:] + margins + 1]
        self.explained = np.maximum(np.concatenate(corners, axis=1), 0)


def _run(network: Network, ink: NDArray[np.uint8]) -> Floats:
    if max(ink.shape) > RIMMED:
        return network(ink)
    rows, columns = (-(-side // PLACE) for side in ink.shape)
    first = PAPER // PLACE
    return network(np.pad(ink, PAPER))[first : first + rows, first : first + columns]


class Found(NamedTuple):
    """What a finder sees in a picture.

    Attributes:
        detections: Best first, boxes in pixels of the picture.
        depths: Shape (n,): at which level of the pyramid each was found.
        levels: The picture itself first, then its halves.
        light_on_dark: Whether the writing is lighter than what it stands on.
    """

    detections: Detections
    depths: NDArray[np.intp]
    levels: tuple[Level, ...]
    light_on_dark: bool


def find(image: NDArray[np.uint8], network: Network, least_score: float, most: int) -> Found:
    """Find the digits of a picture, dark on light or light on dark.

    The smallest level is looked at first, the picture itself last, and only where ink is left that no detection
    explains. Where the picture leaves the polarity in doubt, its halves are looked at both ways.

    Args:
        image: Shape (height, width, 3), BGR.
        network: Finds digits whose longer side has 10 to 25 pixels.
        least_score: Detections that score less are none, 0 to 1.
        most: How many are found at most.
    """
    first, *halves = pyramid(image)
    small = next((half for half in halves if max(half.shape[:2]) <= polarity.SIDE), first)
    evidence = polarity.light_on_dark_evidence(small)
    ways = (evidence > 0,) if abs(evidence) > polarity.CLEAR or not halves else (False, True)
    looks = {way: _look(halves, [], way, network, least_score) for way in ways}
    if len(ways) > 1:
        seen = {way: SOME + _evidence(levels, most) for way, levels in looks.items()}
        evidence += float(np.log(seen[True] / seen[False]))
    way = evidence > 0
    return _merged(_look([first], looks[way], way, network, least_score), most)


def pyramid(image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The picture and its halves, down to one whose longer side has 16 to 31 pixels."""
    found = [image]
    while max(found[-1].shape[:2]) >= 2 * LEAST_SIDE:
        size = [max(1, round(side / 2)) for side in found[-1].shape[1::-1]]
        found.append(np.asarray(cv2.resize(found[-1], size, interpolation=cv2.INTER_AREA), np.uint8))
    return found


def _look(
    pictures: Sequence[NDArray[np.uint8]], smaller: list[Level], light_on_dark: bool, network: Network, least: float
) -> list[Level]:
    """Look at pictures, the last and smallest first, after smaller ones; all levels, the smallest last."""
    levels = smaller
    for picture in reversed(pictures):
        level = Level(picture, light_on_dark)
        level.look(_areas(level, levels), network, least)
        levels = [level, *levels]
    return levels


def _areas(level: Level, smaller: Sequence[Level]) -> list[tuple[Box, Box]]:
    """The parts of a level to look at, each with what is around it to be seen too."""
    height, width = level.picture.shape[:2]
    whole = Box(0, 0, width, height)
    if max(height, width) <= TILE:
        return [(whole, whole)]
    left = _unexplained(smaller)
    across, down = left.shape[1] / width, left.shape[0] / height
    core = TILE - 2 * RIM
    tiles = []
    for y in range(0, height, core):
        for x in range(0, width, core):
            right, bottom = min(x + core, width), min(y + core, height)
            part = left[int(y * down) : int(np.ceil(bottom * down)), int(x * across) : int(np.ceil(right * across))]
            if cv2.countNonZero(part):
                tiles.append((Box(x, y, right - x, bottom - y), _around(x, y, width, height)))
    return tiles if len(tiles) * TILE**2 < height * width else [(whole, whole)]


def _around(x: int, y: int, width: int, height: int) -> Box:
    """The square round a part of a level that lies in it; its corner is a place of the network's output."""
    left, top = (
        max(0, min(start - RIM, -(-(side - TILE) // PLACE) * PLACE)) for start, side in ((x, width), (y, height))
    )
    return Box(left, top, min(TILE, width - left), min(TILE, height - top))


def _unexplained(levels: Sequence[Level]) -> NDArray[np.uint8]:
    """Where the first of several levels has ink that no detection of any explains, not 0."""
    _, ink = cv2.threshold(levels[0].ink, FAINT, 1, cv2.THRESH_BINARY)
    width = ink.shape[1]
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    boxes = statistics[:, :4].astype(np.float32)
    seen = np.concatenate([level.detections.boxes * (width / level.picture.shape[1]) for level in levels])
    # What is wider than high may be two digits that touch, each of which a larger level may find.
    left = (boxes[:, 2] > boxes[:, 3]) | (iou_matrix(boxes, seen).max(axis=1, initial=0) < FILLS)
    # What is smaller than what this level is for is seen better by the next.
    left |= boxes[:, 2:].max(axis=1) < LOWEST
    left &= boxes[:, 2:].max(axis=1) >= SPECK
    left[0] = False
    ink = np.asarray(left[labels].view(np.uint8))
    for level in levels:
        for x, y, right, bottom in (level.explained * (width / level.picture.shape[1])).astype(int).tolist():
            ink[y:bottom, x:right] = 0
    return np.asarray(ink, np.uint8)


def _evidence(levels: Sequence[Level], most: int) -> float:
    """How much speaks for digits: squares, since the wrong polarity shows many that are unsure."""
    return float((_sureness(_merged(levels, most).detections) ** 2).sum())


def _sureness(detections: Detections) -> Floats:
    """How sure it is that one certain digit is there: surer of digits than scores alone, which textures have too."""
    return np.asarray(detections.scores * detections.labels.max(axis=1, initial=0), np.float32)


def _merged(levels: Sequence[Level], most: int) -> Found:
    """The detections of all levels, each digit once."""
    height, width = levels[0].picture.shape[:2]
    every = Detections.joined(
        [level.detections.scaled(width / level.picture.shape[1], height / level.picture.shape[0]) for level in levels]
    )
    depths = np.repeat(np.arange(len(levels)), [len(level.detections) for level in levels])
    # Two boxes of one stroke hardly overlap, if both are as slender as it is.
    kept = suppress(replace(every, boxes=broad(every.boxes)), most)
    return Found(every.take(kept), depths[kept], tuple(levels), levels[0].light_on_dark)


def _places(start: int, length: int) -> slice:
    return slice(start // PLACE, -(-(start + length) // PLACE))
