"""Drawing a reading onto its frame."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.opencv import cv2
from mnist_edge.reading import Box, Reading

GREEN, GREY, DARK, WHITE = (40, 150, 20), (150, 150, 150), (30, 30, 30), (255, 255, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX
# A label this much wider than its digit would cover its neighbour's.
WIDEST_LABEL = 1.7
# The reason is written below refused ink that is so large, in pixels of a picture 640 wide: crumbs are many.
WORTH_A_WORD = 24


def annotate(frame: NDArray[np.uint8], reading: Reading, status: str = "", rejected: bool = True) -> NDArray[np.uint8]:
    """A copy of the frame with what was read, and in grey what was refused, with the reason.

    Args:
        frame: Shape (height, width, 3) BGR or (height, width) grey, uint8.
        reading: Of that frame.
        status: A line for the foot of the picture, such as the frame rate.
        rejected: Whether to draw refused ink too.

    Returns:
        Shape (height, width, 3), BGR.
    """
    picture = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if frame.ndim == 2 else frame.copy()
    unit = max(1, round(max(frame.shape[:2]) / 640))
    if rejected:
        for refused in reading.rejected:
            _rectangle(picture, refused.box, GREY, unit)
            if max(refused.box.width, refused.box.height) >= WORTH_A_WORD * unit:
                _reason(picture, refused.box, refused.reason, unit)
    for digit in reading.digits:
        _rectangle(picture, digit.box, GREEN, 2 * unit)
    for digit in reading.digits:
        _label(picture, digit.box, f"{digit.label} {digit.confidence:.0%}", str(digit.label), unit)
    if status:
        _footer(picture, status, unit)
    return np.asarray(picture, np.uint8)


def _rectangle(picture: NDArray[np.uint8], box: Box, colour: tuple[int, int, int], thickness: int) -> None:
    # Drawn outside the ink, so that the digit itself stays visible.
    corner = box.x - thickness, box.y - thickness
    opposite = box.x + box.width + thickness - 1, box.y + box.height + thickness - 1
    cv2.rectangle(picture, corner, opposite, colour, thickness)


def _label(picture: NDArray[np.uint8], box: Box, long: str, short: str, unit: int) -> None:
    """The digit above its box, with what is known of it where a neighbour leaves room; below where none is above."""
    scale = min(0.9 * unit, max(0.4 * unit, box.height / 90))
    thickness = max(1, round(scale * 1.6))
    text = long if cv2.getTextSize(long, FONT, scale, thickness)[0][0] <= WIDEST_LABEL * box.width else short
    (width, height), base = cv2.getTextSize(text, FONT, scale, thickness)
    left = min(max(box.x, 0), max(picture.shape[1] - width, 0))
    bottom = box.y - base - 2 * unit
    if bottom - height < 0:
        bottom = min(box.y + box.height + height + base + 2 * unit, picture.shape[0] - base)
    cv2.rectangle(picture, (left, bottom - height - base // 2), (left + width, bottom + base), GREEN, cv2.FILLED)
    cv2.putText(picture, text, (left, bottom), FONT, scale, WHITE, thickness, cv2.LINE_AA)


def _reason(picture: NDArray[np.uint8], box: Box, reason: str, unit: int) -> None:
    """Why ink was refused, below its box."""
    scale = 0.4 * unit
    (width, height), _ = cv2.getTextSize(reason, FONT, scale, unit)
    left = min(max(box.x, 0), max(picture.shape[1] - width, 0))
    bottom = min(box.y + box.height + height + 4 * unit, picture.shape[0] - 2 * unit)
    cv2.putText(picture, reason, (left, bottom), FONT, scale, GREY, unit, cv2.LINE_AA)


def _footer(picture: NDArray[np.uint8], text: str, unit: int) -> None:
    scale, thickness = 0.5 * unit, unit
    (_, height), base = cv2.getTextSize(text, FONT, scale, thickness)
    top = picture.shape[0] - height - 2 * base
    cv2.rectangle(picture, (0, top), (picture.shape[1], picture.shape[0]), DARK, cv2.FILLED)
    cv2.putText(picture, text, (2 * base, picture.shape[0] - base), FONT, scale, WHITE, thickness, cv2.LINE_AA)
