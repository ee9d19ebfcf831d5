"""Colour by confidence: from orange, a guess, over purple to blue, as sure as one can be."""

from functools import cache
from math import log

import numpy as np

Colour = tuple[int, int, int]
# Drawn colours stand out on white paper and on a blackboard (contrast of 3 to 1 or more with both, WCAG 2), grow darker
# the surer they are, and differ for each kind of colour vision. BGR.
UNSURE, BETWEEN, SURE = (20, 108, 222), (150, 70, 150), (190, 88, 20)
# The ends of the ramp: chances of being wrong, between which equal factors look equally far apart.
LIKELIEST_ERROR, LEAST_ERROR = 0.5, 0.01
# Of a screen (sRGB): light is the value to this power.
GAMMA = 2.2


def percent(confidence: float) -> int:
    """A probability in percent, as it is shown: at most 99, since nothing that was read is certain."""
    return min(round(100 * confidence), 99)


def confidence_colour(confidence: float) -> Colour:
    """The colour of a confidence, 0 to 1; everything below one half looks the same."""
    return _colour(percent(confidence))


@cache
def _colour(percent: int) -> Colour:
    error = min(max(1 - percent / 100, LEAST_ERROR), LIKELIEST_ERROR)
    sureness = log(LIKELIEST_ERROR / error) / log(LIKELIEST_ERROR / LEAST_ERROR)
    blue, green, red = (
        # Mixed as light is, so that the ramp grows darker all the way.
        round(float(np.interp(sureness, (0, 0.5, 1), np.power(ends, GAMMA)) ** (1 / GAMMA)))
        for ends in zip(UNSURE, BETWEEN, SURE, strict=True)
    )
    return blue, green, red
