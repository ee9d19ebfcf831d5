"""Polarity: whether the writing of a picture is darker or lighter than what it stands on."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# Longer side of the picture that is looked at, pixels: up to this.
SIDE = 160
# Side of the window whose median is the paper, pixels: writing covers less than half of it.
WINDOW = 21
# Grey levels by which a pixel stands out; less is noise.
NOISE = 8
# Added to either sum, so that an empty sheet tells neither.
SOME = 100.0
# A logarithm beyond this decides: of 571 generated pages one is on the wrong side, and 6 % lie within.
CLEAR = 0.7


def light_on_dark_evidence(picture: NDArray[np.uint8]) -> float:
    """How much more stands out as light than as dark from the median around it.

    Writing covers less than its paper does, so that a median of the surroundings is paper, whatever the light.

    Args:
        picture: Shape (height, width, 3), BGR, with a longer side of about `SIDE` pixels.

    Returns:
        The logarithm of the quotient of both sums: above `CLEAR` light on dark, below -`CLEAR` dark on light.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    paper = cv2.medianBlur(grey, WINDOW)
    light, dark = (
        float(cv2.sumElems(cv2.threshold(apart, NOISE, 0, cv2.THRESH_TOZERO)[1])[0]) + SOME
        for apart in (cv2.subtract(grey, paper), cv2.subtract(paper, grey))
    )
    return float(np.log(light / dark))
