"""Tell what was written from what is printed, by comparison with the empty sheet."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

Image = NDArray[np.uint8]

# The paper is estimated on a picture with a longer side of so many pixels; what is narrower than this share is ink.
PAPER_SIDE, WIDEST_INK = 320, 1 / 16
# Least level of what counts as print, of 255: thin lines of a blurred photograph are pale.
PRINT = 40
# The picture may lie beside the sheet by so many pixels of the working size.
SLACK = 3
# Ink goes on across print as wide as this, with the slack: ruled lines and frames, not bars.
BRIDGED = 13


def ink_levels(picture: Image) -> Image:
    """Return how dark each pixel is against the paper around it, whatever the light: 0 = paper, 255 = black.

    Args:
        picture: Shape (height, width, 3), BGR, dark on light.
    """
    # NumPy's own minimum over the last axis takes twenty times as long.
    blue, green, red = cv2.split(picture)
    darkest = cv2.min(cv2.min(blue, green), red)
    scale = min(1.0, PAPER_SIDE / max(darkest.shape))
    size = [max(1, round(side * scale)) for side in darkest.shape[::-1]]
    small = cv2.medianBlur(cv2.resize(darkest, size, interpolation=cv2.INTER_AREA), 3)
    width = round(WIDEST_INK * max(small.shape)) | 1
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8)), (0, 0), 2)
    paper = cv2.resize(np.maximum(paper, 1), darkest.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(255 - cv2.divide(darkest, paper, scale=255), np.uint8)


def without_print(ink: Image, printed: Image) -> Image:
    """Remove print from ink, and let strokes that cross it go on.

    Args:
        ink: Levels of ink of the photograph laid on the form.
        printed: Same shape: not 0 where the empty sheet has print.
    """
    covered = cv2.dilate(printed, _square(2 * SLACK + 1)) > 0
    left = np.where(covered, np.uint8(0), ink)
    bridged = cv2.morphologyEx(left, cv2.MORPH_CLOSE, _square(BRIDGED))
    return np.where(covered, np.minimum(bridged, ink), left)


def paper_beside(printed: Image) -> Image:
    """Return where nothing is printed, nor near: 255, elsewhere 0."""
    return np.asarray(cv2.bitwise_not(cv2.dilate(printed, _square(4 * SLACK + 1))), np.uint8)


def agreement(ink: Image, printed: Image, beside: Image, seen: Image) -> float:
    """Return the share of the sheet's print that the photograph shows in its place, 0 to 1.

    It is counted in tiles, so that a black heading is not worth more than a page of thin lines, and against what the
    tile shows beside the print, so that a dark texture does not agree with everything.

    Args:
        ink: Levels of ink of the photograph laid on the form.
        printed: Same shape: 255 where the empty sheet has print, else 0.
        beside: Of that, see `paper_beside`.
        seen: Same shape: 255 where the photograph shows the form; less is at its edge.
    """
    there = cv2.threshold(seen, 0, 255, cv2.THRESH_BINARY)[1]
    dark = cv2.dilate(cv2.threshold(ink, PRINT, 255, cv2.THRESH_BINARY)[1], _square(2 * SLACK + 1))
    print_, beside = cv2.bitwise_and(printed, there), cv2.bitwise_and(beside, there)
    on_print, print_area = _in_tiles(cv2.bitwise_and(dark, print_)), _in_tiles(print_)
    off_print, paper_area = _in_tiles(cv2.bitwise_and(dark, beside)), _in_tiles(beside)
    judged = print_area > LEAST_PRINT
    if not judged.any():
        return 0.0
    on, off = on_print / np.maximum(print_area, 1e-6), off_print / np.maximum(paper_area, 1e-6)
    # A tile full of writing is dark beside its print as well: there nearly all of what can be more counts, as in
    # Cohen's kappa. What is darker still, such as noise, is no paper.
    busy = (off < MOST_WRITING) & (on - off > BUSY_AGREES * (1 - off))
    return float(np.mean((on - off > AGREES)[judged] | busy[judged]))


# Tiles along the longer side; the least share of one that is print, so that it is judged; what agreement takes, and in
# a tile of which no more than this share is near to writing.
TILES, LEAST_PRINT, AGREES = 16, 0.004, 0.5
BUSY_AGREES, MOST_WRITING = 0.8, 0.65


def _in_tiles(mask: Image) -> NDArray[np.float64]:
    """Return the share of each tile that is 255 in a mask, else 0."""
    side = -(-max(mask.shape) // TILES)
    down, across = (
        np.rint(np.linspace(0, length, max(1, round(length / side)) + 1)).astype(np.intp) for length in mask.shape
    )
    # Sums of tiles are differences of those from the corner; a resize of the whole takes several times as long.
    sums = cv2.integral(mask, sdepth=cv2.CV_64F)[np.ix_(down, across)]
    areas = np.outer(np.diff(down), np.diff(across))
    return np.asarray(np.diff(np.diff(sums, axis=0), axis=1) / (255 * areas), np.float64)


def _square(side: int) -> Image:
    return np.ones((side, side), np.uint8)
