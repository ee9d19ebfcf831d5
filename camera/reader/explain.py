"""The stages between a frame and its reading, as pictures: why was a digit missed?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.candidate import Judged
from mnist_edge.camera.reader.ink import find_ink
from mnist_edge.camera.reader.lines import without_lines
from mnist_edge.camera.reader.segment import cut
from mnist_edge.reading import Box, Reading

# In the order in which a frame goes through them.
STAGES = ("1-normalised", "2-binarised", "3-without-lines", "4-candidates", "5-crops")
# Of the crops: how much larger than 28x28 they are drawn, how many stand in a row, and how many there are at most.
ENLARGED, COLUMNS, MOST_CROPS = 4, 10, 200
CAPTION, MARGIN = 34, 8
INK, GREEN, GREY = (40, 40, 40), (40, 150, 20), (120, 120, 120)
Picture = NDArray[np.uint8]


def explain(reader: Reader, frame: Picture) -> dict[str, Picture]:
    """What the reader makes of a frame, stage by stage.

    Args:
        reader: Whose model and least confidence hold.
        frame: Shape (height, width, 3) BGR, uint8.

    Returns:
        A picture, shape (height, width) or (height, width, 3), for each of `STAGES`: ink darker the stronger it is
        against its paper; what is ink; the same without ruled lines; what was read, with all that was refused in grey;
        and every candidate as the network sees it, with its likeliest digit, that one's confidence, its score as a
        digit at all, and what became of it.
    """
    reading = reader.read(frame)
    ink = find_ink(frame)
    found = cut(ink)
    judged = reader.judge_alone([one for one in found.candidates if len(one.parts) == 1])
    pictures = (
        cv2.bitwise_not(ink.level),
        cv2.bitwise_not(ink.binary),
        cv2.bitwise_not(without_lines(ink.pieces).binary),
        annotate(frame, reading),
        _crops(reader, judged, reading, found.scale),
    )
    return {stage: np.asarray(picture, np.uint8) for stage, picture in zip(STAGES, pictures, strict=True)}


def _crops(reader: Reader, judged: Sequence[Judged], reading: Reading, scale: float) -> Picture:
    """The largest candidates in reading order of their rows, each above what was thought of it."""
    shown = sorted(sorted(judged, key=lambda one: -one.box.height)[:MOST_CROPS], key=lambda one: (one.box.y, one.box.x))
    width, height = 28 * ENLARGED + MARGIN, 28 * ENLARGED + CAPTION + MARGIN
    rows = max(1, -(-len(shown) // COLUMNS))
    sheet = np.full((rows * height + MARGIN, COLUMNS * width + MARGIN, 3), 255, np.uint8)
    for index, one in enumerate(shown):
        top, left = (index // COLUMNS) * height + MARGIN, (index % COLUMNS) * width + MARGIN
        crop = cv2.resize(
            reader.as_seen(one.candidate), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_NEAREST
        )
        sheet[top : top + crop.shape[0], left : left + crop.shape[1]] = 255 - crop[..., None]
        outcome, colour = _outcome(one.box, reading, scale)
        sides = (left - 1, top - 1), (left + crop.shape[1], top + crop.shape[0])
        cv2.rectangle(sheet, *sides, colour, 2)
        foot = top + crop.shape[0]
        scores = f"{one.label} {one.confidence:.2f}, digit {one.score:.2f}"
        for line, (text, ink) in enumerate(((scores, INK), (outcome, colour))):
            cv2.putText(sheet, text, (left, foot + 14 + 14 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.36, ink, 1, cv2.LINE_AA)
    return sheet


def _outcome(box: Box, reading: Reading, scale: float) -> tuple[str, tuple[int, int, int]]:
    """What became of a candidate: the digits read within its box, or the reason why not."""
    x, y, right, bottom = (value / scale for value in (box.x, box.y, box.x + box.width, box.y + box.height))

    def within(other: Box) -> bool:
        return x <= other.x + other.width / 2 <= right and y <= other.y + other.height / 2 <= bottom

    read = [str(digit.label) for digit in sorted(reading.digits, key=lambda one: one.box.x) if within(digit.box)]
    if read:
        return f"read as {' '.join(read)}", GREEN
    reasons = [one.reason for one in reading.rejected if within(one.box)]
    return (reasons[0] if reasons else "part of another"), GREY
