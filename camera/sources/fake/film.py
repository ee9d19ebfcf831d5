"""A generated video: sheets of digits in a moving hand, any frame of it by its number."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.sources.fake.motion import CameraShake, Hand, Matrix
from mnist_edge.camera.sources.fake.sheets import SIZES, Glyph, Sheet, empty_sheet, write_sheet
from mnist_edge.reading import Box, Digit

# How a sheet gives way to the next, and how long that takes.
CHANGES = {"cut": 0.0, "blank": 0.9, "swipe": 0.7}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a frame shows.

    Attributes:
        page: Which sheet, from 0.
        blank: Whether an empty sheet is shown in between.
        slide: How far the sheet is pushed aside, in widths of the picture; 0 while it is held.
        since: Seconds since it is shown like this.
    """

    page: int
    blank: bool
    slide: float
    since: float


class Film:
    """Sheets, one after the other, each held for some seconds; the same arguments give the same pictures."""

    def __init__(
        self,
        glyph: Glyph,
        width: int,
        height: int,
        rate: float,
        seed: int,
        shake: CameraShake,
        page_seconds: float = 6.0,
        sizes: tuple[float, float] = SIZES,
    ) -> None:
        """Fix all that will happen; pictures are drawn when they are requested.

        Args:
            glyph: Which digit is written next, and how.
            width: Of a picture, pixels.
            height: Of a picture, pixels.
            rate: Pictures per second.
            seed: Of everything that is random.
            shake: How unsteady camera, hand and light are.
            page_seconds: From one sheet to the next.
            sizes: As for `write_sheet`.
        """
        self.width, self.height, self.rate = width, height, rate
        self._page_seconds = page_seconds
        self._hand = Hand(shake, width, height, seed)
        self._changes = np.random.default_rng((seed, 1)).permutation([*CHANGES] * 30).tolist()

        @lru_cache(maxsize=3)
        def sheet(page: int) -> Sheet:
            return write_sheet(glyph, width, height, np.random.default_rng((seed, 2, page)), sizes)

        self._sheet: Callable[[int], Sheet] = sheet
        self._empty = empty_sheet(width, height, np.random.default_rng((seed, 3)))

    def moment(self, number: int) -> Moment:
        """What frame `number` shows, from 0."""
        page, since = divmod(number / self.rate + 1e-9, self._page_seconds)
        page = int(page)
        change = self._changes[page % len(self._changes)] if page else "cut"
        rest = CHANGES[change] - since
        if rest <= 0:
            return Moment(page, False, 0.0, -rest)
        if change == "blank":
            return Moment(page, True, 0.0, since)
        # First the old sheet leaves to the right, then the new one comes from the left.
        share = 2 * since / CHANGES[change]
        return (
            Moment(page - 1, False, 1.4 * share, since) if share < 1 else Moment(page, False, 1.4 * (share - 2), since)
        )

    def frame(self, number: int) -> NDArray[np.uint8]:
        """Picture `number`, from 0: shape (height, width, 3), BGR."""
        seconds, moment = number / self.rate, self.moment(number)
        sheet = self._shown(moment)
        blur_x, blur_y = self._hand.blur(seconds)
        if moment.slide:
            blur_x += 2.8 * self.width / CHANGES["swipe"] * self._hand.shake.exposure
        return self._hand.photograph(sheet.image, self._matrix(sheet, seconds, moment), (blur_x, blur_y), seconds)

    def truth(self, number: int) -> tuple[Digit, ...]:
        """The digits that are wholly in picture `number`, in the order in which they were written, confidence 1."""
        moment = self.moment(number)
        sheet = self._shown(moment)
        matrix = self._matrix(sheet, number / self.rate, moment)
        digits = []
        for one in sheet.digits:
            points = one.path @ matrix[:, :2].T + matrix[:, 2]
            left, top = np.floor(points.min(axis=0) - one.pen / 2).astype(int).tolist()
            right, bottom = np.ceil(points.max(axis=0) + one.pen / 2).astype(int).tolist()
            if min(left, top) >= 0 and right <= self.width and bottom <= self.height:
                digits.append(Digit(one.label, 1.0, Box(left, top, right - left, bottom - top), one.row))
        return tuple(digits)

    def _shown(self, moment: Moment) -> Sheet:
        return self._empty if moment.blank else self._sheet(moment.page)

    def _matrix(self, sheet: Sheet, seconds: float, moment: Moment) -> Matrix:
        return self._hand.matrix(seconds, sheet.image.shape, moment.slide)
