"""Tell whether two pictures show the same page: laid on the form, the same ink stands in the same place."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.printed import Image
from mnist_edge.opencv import cv2

if TYPE_CHECKING:
    from mnist_edge.camera.forms.read_page import PageReading

# Ink is compared in squares of so many pixels of the working size: strokes are 4 wide, and lie beside by 3 at most.
SQUARE = 8
# Least correlation of two pictures of one page: on 24 generated pages of three forms, photographed twice with digits of
# the validation images, that of one page was 0.976 to 1, and that of two pages at most 0.434.
SAME = 0.8
# Less ink than this share of the fields tells no page from another.
LEAST_INK = 0.004
# Pages before one among which it is looked for in another picture.
RECENT = 30


def fingerprint(ink: Image, places: NDArray[np.int32]) -> bytes:
    """Return what is written in the fields, coarsely: a byte for each square of them; nothing where they are empty.

    Args:
        ink: Levels of written ink as the form lies.
        places: Same shape: not 0 in a field.
    """
    size = [max(1, side // SQUARE) for side in ink.shape[::-1]]
    inside = cv2.resize((places > 0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    written = np.where(places > 0, ink, np.uint8(0))
    if np.mean(written[places > 0] > 60) < LEAST_INK:
        return b""
    coarse = cv2.resize(cv2.GaussianBlur(written, (0, 0), SQUARE / 2), size, interpolation=cv2.INTER_AREA)
    return np.asarray(coarse[inside], np.uint8).tobytes()


def alike(first: bytes, second: bytes) -> bool:
    """Return whether two fingerprints are those of one page."""
    if not first or len(first) != len(second):
        return False
    one, other = (np.frombuffer(content, np.uint8).astype(np.float64) for content in (first, second))
    return float(np.corrcoef(one, other)[0, 1]) > SAME


class BestPictures:
    """Takes pages in the order of their pictures, and gives of pictures of one page that follow one another the best.

    Attributes:
        copies: How many pages were there already.
    """

    def __init__(self) -> None:
        """No page has come yet."""
        self.copies = 0
        self._recent: list[PageReading] = []

    def add(self, page: "PageReading") -> Iterator["PageReading"]:
        """Take a page; yields those that no later picture replaces any more."""
        twin = next((one for one in reversed(self._recent) if alike(page.fingerprint, one.fingerprint)), None)
        if twin is not None:
            self.copies += 1
            # Equality is of what was read, which two pictures may have in common.
            self._recent = [one for one in self._recent if one is not twin]
            page = max(twin, page, key=_worth)
        self._recent.append(page)
        if len(self._recent) > RECENT:
            yield self._recent.pop(0)

    def rest(self) -> Iterator["PageReading"]:
        """Yield the pages that are left, once there are no more pictures."""
        yield from self._recent
        self._recent = []


def _worth(page: "PageReading") -> tuple[int, float]:
    """How well a page was read."""
    return len(page.fields) - len(page.unsettled), float(np.mean([one.trust for one in page.fields] or [0.0]))
