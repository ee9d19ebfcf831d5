"""Find digits of any size in a picture: a network that finds those of one size looks at a pyramid of the picture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge import polarity
from mnist_edge.detection import Detections, Floats, decode, suppress
from mnist_edge.ink_level import ink_level
from mnist_edge.opencv import cv2

# The pyramid ends where the longer side is below twice this, pixels: a digit that fills it is found at that level.
LEAST_SIDE = 16
# Of what the finder sees either way, so that nothing at all tells neither.
SOME = 0.05
# A finder's network: from an ink level, shape (height, width), uint8, to its output, shape (height / 8, width / 8, 60),
# sides rounded up, as `mnist_edge.detection` explains it. `FinderNetwork` is one.
Network = Callable[[NDArray[np.uint8]], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level of a picture's pyramid.

    Attributes:
        ink: Its ink level, shape (height, width), uint8.
        output: The network's output, shape (rows, columns, 60).
    """

    ink: NDArray[np.uint8]
    output: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Found:
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


def find(image: NDArray[np.uint8], network: Network, least_score: float) -> Found:
    """Find the digits of a picture, dark on light or light on dark.

    Where the picture leaves the two in doubt, its halves are looked at both ways, which takes a third of the time.

    Args:
        image: Shape (height, width, 3), BGR.
        network: Finds digits whose longer side has 10 to 25 pixels.
        least_score: Detections that score less are none, 0 to 1.
    """
    first, *halves = pyramid(image)
    small = next((half for half in halves if max(half.shape[:2]) <= polarity.SIDE), first)
    evidence = polarity.light_on_dark_evidence(small)
    ways = (evidence > 0,) if abs(evidence) > polarity.CLEAR or not halves else (False, True)
    looks = {way: [_look(half, network, way) for half in halves] for way in ways}
    if len(ways) > 1:
        seen = {way: _evidence(levels, least_score) for way, levels in looks.items()}
        evidence += float(np.log(seen[True] / seen[False]))
    way = evidence > 0
    return _merge([_look(first, network, way), *looks[way]], image.shape, least_score, way)


def pyramid(image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The picture and its halves, down to one whose longer side has 16 to 31 pixels."""
    found = [image]
    while max(found[-1].shape[:2]) >= 2 * LEAST_SIDE:
        size = [max(1, round(side / 2)) for side in found[-1].shape[1::-1]]
        found.append(np.asarray(cv2.resize(found[-1], size, interpolation=cv2.INTER_AREA), np.uint8))
    return found


def _look(picture: NDArray[np.uint8], network: Network, light_on_dark: bool) -> Level:
    ink = ink_level(picture, light_on_dark)
    return Level(ink, network(ink))


def _evidence(levels: list[Level], least_score: float) -> float:
    """How much the finder sees: sure scores with sure digits count most, since the wrong way shows many unsure ones."""
    found = (decode(level.output, least_score) for level in levels)
    kept = (one.take(suppress(one)) for one in found)
    return SOME + sum(float((one.scores**2 * one.labels.max(axis=1, initial=0)).sum()) for one in kept)


def _merge(levels: list[Level], shape: tuple[int, ...], least_score: float, light_on_dark: bool) -> Found:
    """The detections of all levels, each digit once."""
    decoded = [
        decode(level.output, least_score).scaled(shape[1] / level.ink.shape[1], shape[0] / level.ink.shape[0])
        for level in levels
    ]
    every = Detections.joined(decoded)
    depths = np.repeat(np.arange(len(levels)), [len(one) for one in decoded])
    kept = suppress(every)
    return Found(every.take(kept), depths[kept], tuple(levels), light_on_dark)
