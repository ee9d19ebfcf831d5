"""Text as small pictures that are smooth at any size and cached."""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.palette import Colour
from mnist_edge.opencv import cv2

WHITE: Colour = (255, 255, 255)
# Letters are drawn at this scale, with strokes so wide in pixels, and shrunk: small letters of OpenCV are ragged.
FONT, SCALE, STROKE = cv2.FONT_HERSHEY_SIMPLEX, 4.0, 12
# Around and between the words of a plate, in heights of a capital letter.
PADDING = 0.28


@lru_cache(maxsize=512)
def plate(words: tuple[tuple[str, int], ...], back: Colour, ink: Colour = WHITE) -> NDArray[np.uint8]:
    """Draw words on a plate of one colour.

    Args:
        words: Each a text of one line and the height of its capital letters in pixels. What is not ASCII becomes `?`.
        back: Colour of the plate, BGR.
        ink: Colour of the text, BGR.

    Returns:
        Shape (height, width, 3), BGR. It is cached, and therefore read-only.
    """
    masks = [_mask(text, capital) for text, capital in words]
    padding = max(2, round(PADDING * max(capital for _, capital in words)))
    height = max(mask.shape[0] for mask in masks) + 2 * padding
    width = sum(mask.shape[1] + padding for mask in masks) + padding
    coverage, x = np.zeros((height, width, 1), np.float32), padding
    for mask in masks:
        bottom = height - padding
        coverage[bottom - mask.shape[0] : bottom, x : x + mask.shape[1], 0] = mask
        x += mask.shape[1] + padding
    drawn = np.rint(coverage * ink + (1 - coverage) * back).astype(np.uint8)
    drawn.flags.writeable = False
    return np.asarray(drawn, np.uint8)


def paste(picture: NDArray[np.uint8], drawn: NDArray[np.uint8], left: int, top: int) -> None:
    """Copy a small picture into a large one; what lies beyond the right or lower edge is cut off."""
    window = picture[top : top + drawn.shape[0], left : left + drawn.shape[1]]
    window[:] = drawn[: window.shape[0], : window.shape[1]]


def _mask(text: str, capital: int) -> NDArray[np.float32]:
    """Draw a text as ink, 0 to 1, from its first to its last column and from its capitals to its deepest letter."""
    canvas, base = _drawn(text.encode("ascii", "replace").decode())
    top = base - _capital_height()
    columns, rows = np.flatnonzero(canvas.any(axis=0)), np.flatnonzero(canvas.any(axis=1))
    if not len(columns):
        columns = rows = np.array([top, base - 1])
    tight = canvas[top : max(rows[-1] + 1, base), columns[0] : columns[-1] + 1]
    factor = capital / _capital_height()
    size = max(1, round(tight.shape[1] * factor)), max(1, round(tight.shape[0] * factor))
    return np.asarray(cv2.resize(tight, size, interpolation=cv2.INTER_AREA) / 255, np.float32)


@cache
def _capital_height() -> int:
    canvas, base = _drawn("0")
    return int(base - np.flatnonzero(canvas.any(axis=1))[0])


def _drawn(text: str) -> tuple[NDArray[np.uint8], int]:
    """Draw a text at full scale; return it and the row below the feet of its capitals."""
    (width, height), below = cv2.getTextSize(text, FONT, SCALE, STROKE)
    base = height + 2 * STROKE
    canvas = np.zeros((base + below + 2 * STROKE, width + 4 * STROKE), np.uint8)
    cv2.putText(canvas, text, (2 * STROKE, base), FONT, SCALE, 255, STROKE, cv2.LINE_AA)
    return canvas, base + STROKE // 2
