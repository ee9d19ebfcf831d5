"""Draw a reading onto its frame."""

from collections.abc import Sequence
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.label_layout import place_labels
from mnist_edge.camera.lettering import paste, plate
from mnist_edge.camera.marks import covers, draw_marks
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.camera.palette import Colour, confidence_colour, percent
from mnist_edge.camera.rows import Mark
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading, Rejected

GREY, DARK, WHITE = (118, 118, 118), (30, 30, 30), (255, 255, 255)
# Height of a label's digit: a share of the median digit's, but within these shares of the picture's longer side, which
# are legible on a telephone, and no less than so many pixels.
LABEL, SMALLEST, LARGEST, LEAST = 0.36, 1 / 90, 1 / 32, 10
# Height of the confidence as a share of the label's digit, but no less than so many pixels; and the height of a smaller
# label as a share of the usual one.
SECOND, LEAST_SECOND, SMALLER = 0.62, 8, 0.7
# Longer side of refused ink from which on its reason is drawn, in pixels of a picture 640 wide: fragments are many.
WORTH_A_REASON = 24
# Refused ink that covers a larger share of the picture is hardly writing.
SHEET = 0.1
# Least width of a picture that has a legend, pixels, and the confidences in it, percent.
LEGEND_WIDTH, TICKS = 480, (50, 75, 90, 95, 99)
Picture = NDArray[np.uint8]


def annotate(
    frame: Picture, reading: Reading, status: str = "", details: bool = False, marks: Sequence[Mark] = ()
) -> Picture:
    """Copy a frame and draw a box and a label for each digit, in the colour of its confidence.

    No label covers a digit or another label. A label without a free place beside its box stands farther off, connected
    by a line; failing that it is drawn without the confidence, which its colour still shows, and at last it is left out
    and counted in the legend.

    >>> reading = reader.read(frame)
    >>> annotate(frame, reading).shape
    (480, 640, 3)

    Args:
        frame: Shape (height, width, 3) BGR or (height, width) grey, uint8.
        reading: Of that frame.
        status: A line for the foot of the picture, such as "paused".
        details: Whether to draw refused ink too, in grey, with the reason where there is a free place.
        marks: Fields to draw, each with its value; the digits of a value have no labels of their own.

    Returns:
        Shape (height, width, 3), BGR.
    """
    picture = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if frame.ndim == 2 else frame.copy()
    height, width = frame.shape[:2]
    capital, thickness = _sizes(reading.digits, max(height, width))
    occupancy = Occupancy.of(width, height)
    if status:
        occupancy.occupy(_footer(picture, status))
    if details:
        for refused in reading.rejected:
            outline_refused(picture, refused.box, max(1, thickness // 2))
    alone = [digit for digit in reading.digits if not any(covers(mark, digit) for mark in marks)]
    draw_marks(picture, marks, occupancy)
    boxes = [outline(picture, digit.box, confidence_colour(digit.confidence), thickness) for digit in alone]
    for box in boxes:
        occupancy.occupy(box)
    missing = draw_labels(picture, boxes, [_plates(digit, capital) for digit in alone], occupancy)
    if details:
        _label_refused(picture, reading.rejected, capital, occupancy)
    if reading.digits and width >= LEGEND_WIDTH:
        _legend(picture, len(missing), occupancy)
    return np.asarray(picture, np.uint8)


def _sizes(digits: Sequence[Digit], longest: int) -> tuple[int, int]:
    """Return the height of a label's digit and the thickness of lines, pixels."""
    usual = median(digit.box.height for digit in digits) if digits else longest / 10
    capital = max(round(min(max(LABEL * usual, SMALLEST * longest), LARGEST * longest)), LEAST)
    return capital, max(1, min(round(capital / 9), round(longest / 320)))


def outline(picture: Picture, box: Box, colour: Colour, thickness: int) -> Box:
    """Draw a frame around ink, which stays visible, and return the frame's outer edge."""
    outer = Box(box.x - thickness, box.y - thickness, box.width + 2 * thickness, box.height + 2 * thickness)
    # Thin lines within each other, since OpenCV rounds the corners of thick ones.
    for step in range(1, thickness + 1):
        corner, opposite = (box.x - step, box.y - step), (box.right + step - 1, box.bottom + step - 1)
        cv2.rectangle(picture, corner, opposite, colour)
    return outer


def outline_refused(picture: Picture, box: Box, thickness: int) -> None:
    """Draw a grey frame with a white rim, which is visible on grey paper too."""
    outline(picture, box, WHITE, 2 * thickness)
    outline(picture, box, GREY, thickness)


def occupy_ink(boxes: Sequence[Box], occupancy: Occupancy) -> None:
    """Keep labels off boxes, but for what may be a whole sheet, on which other ink needs labels."""
    for box in boxes:
        if box.area < SHEET * occupancy.width * occupancy.height:
            occupancy.occupy(box)


def _plates(digit: Digit, capital: int) -> list[Picture]:
    """Draw a label in the ways that it may have, the best first: with its confidence, smaller, and without."""
    colour, sure = confidence_colour(digit.confidence), percent(digit.confidence)
    smaller = max(LEAST, round(SMALLER * capital))
    whole = [
        plate(((digit.text, size), (f"{sure}%", max(LEAST_SECOND, round(SECOND * size)))), colour)
        for size in (capital, smaller)
    ]
    return [*whole, plate(((digit.text, smaller),), colour)]


def draw_labels(
    picture: Picture, boxes: Sequence[Box], plates: Sequence[Sequence[Picture]], occupancy: Occupancy
) -> list[int]:
    """Draw labels beside their boxes, each in the best of its ways that has a free place.

    Returns:
        Indices of the labels that are left out.
    """
    sizes = [[(drawn.shape[1], drawn.shape[0]) for drawn in options] for options in plates]
    places = place_labels(boxes, sizes, occupancy)
    for options, placed in zip(plates, places, strict=True):
        if placed:
            drawn = options[placed.option]
            if placed.line:
                colour = tuple(int(value) for value in drawn[0, 0])
                cv2.line(picture, *placed.line, colour, max(1, drawn.shape[0] // 14), cv2.LINE_AA)
            paste(picture, drawn, placed.box.x, placed.box.y)
    return [index for index, placed in enumerate(places) if placed is None]


def _label_refused(picture: Picture, rejected: Sequence[Rejected], capital: int, occupancy: Occupancy) -> None:
    least = WORTH_A_REASON * max(picture.shape[:2]) / 640
    large = [refused for refused in rejected if max(refused.box.width, refused.box.height) >= least]
    boxes = [refused.box for refused in large]
    occupy_ink(boxes, occupancy)
    draw_labels(picture, boxes, [_reasons(refused, capital) for refused in large], occupancy)


def _reasons(refused: Rejected, capital: int) -> list[Picture]:
    """Draw a reason with what it is most likely and how likely, the same smaller, and the reason alone."""
    size = max(LEAST_SECOND, round(SECOND * capital))
    least = min(size, LEAST_SECOND)
    guess = f"{refused.text} {percent(refused.confidence)}%"
    return [
        plate(tuple((word, height) for word in words), GREY)
        for words, height in (
            ((refused.reason, guess), size),
            ((refused.reason, guess), least),
            ((refused.reason,), least),
        )
    ]


def _footer(picture: Picture, text: str) -> Box:
    """Draw a line of text at the foot of the picture, and return its box."""
    height, width = picture.shape[:2]
    line = plate(((text, max(LEAST, max(height, width) // 60)),), DARK)
    top = max(height - line.shape[0], 0)
    picture[top:] = DARK
    paste(picture, line, 0, top)
    return Box(0, top, width, height - top)


def _legend(picture: Picture, missing: int, occupancy: Occupancy) -> None:
    """Draw what the colours mean and how many labels are left out, in the first corner that is free."""
    height, width = picture.shape[:2]
    drawn = _ramp(max(LEAST_SECOND, max(height, width) // 90), f"{missing} without a label" if missing else "")
    tall, wide = drawn.shape[:2]
    gap = tall // 3
    places = (Box(x, y, wide, tall) for y in (height - tall - gap, gap) for x in (width - wide - gap, gap))
    free = next((place for place in places if occupancy.is_free(place)), None)
    if free:
        paste(picture, drawn, free.x, free.y)


@lru_cache(maxsize=64)
def _ramp(capital: int, remark: str) -> Picture:
    """Draw the colours side by side, each with its confidence."""
    swatches = [plate(((f"{tick}%", capital),), confidence_colour(tick / 100)) for tick in TICKS]
    words = [plate(((word, capital),), DARK) for word in (remark, "sure") if word]
    return np.hstack([*words, *swatches])
