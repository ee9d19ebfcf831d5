"""Colours of confidence: from orange for a guess over purple to blue for the surest digits."""

from functools import cache
from math import log

import numpy as np

Colour = tuple[int, int, int]
# BGR. The colours have a contrast of 3 to 1 or more with white paper and with a blackboard (WCAG 2), are the darker the
# higher the confidence, and differ for each kind of colour vision.
UNSURE, BETWEEN, SURE = (20, 108, 222), (150, 70, 150), (190, 88, 20)
# The ends of the ramp as probabilities of an error; between them equal factors look equally far apart.
MAX_ERROR, MIN_ERROR = 0.5, 0.01
# The light of a screen (sRGB) is the value to this power.
GAMMA = 2.2


def percent(confidence: float) -> int:
    """Return a probability in percent, as it is shown: at most 99, since no reading is certain."""
    return min(round(100 * confidence), 99)


def confidence_colour(confidence: float) -> Colour:
    """Return the colour of a confidence, 0 to 1; all below one half have the same."""
    return _colour(percent(confidence))


@cache
def _colour(percent: int) -> Colour:
    error = min(max(1 - percent / 100, MIN_ERROR), MAX_ERROR)
    sureness = log(MAX_ERROR / error) / log(MAX_ERROR / MIN_ERROR)
    blue, green, red = (
        # Mixed as light, so that the ramp gets darker all the way.
        round(float(np.interp(sureness, (0, 0.5, 1), np.power(ends, GAMMA)) ** (1 / GAMMA)))
        for ends in zip(UNSURE, BETWEEN, SURE, strict=True)
    )
    return blue, green, red
