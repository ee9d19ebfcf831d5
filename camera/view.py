"""The state after a frame, as windows, pages, recordings and snapshots show it."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.meter import Stats
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.rows import Mark
from mnist_edge.reading import Digit, Reading


@dataclass(frozen=True)
class View:
    """One frame, what was read in it, and the digits that are confirmed after it.

    Attributes:
        frame: The picture as it came.
        reading: Of this frame alone, refused ink included.
        digits: The confirmed digits of the tracker in reading order, each with its track.
        text: Their text, one string a row.
        stats: Rates, times and counts until now.
        details: Whether refused ink is drawn too.
        outage: Why no frames come at the moment, one line; empty where they do.
        paused: Whether the loop stays at this frame.
        marks: The fields in it, of a form or as regions.
    """

    frame: Frame
    reading: Reading
    digits: tuple[Digit, ...]
    text: tuple[str, ...]
    stats: Stats = field(default_factory=Stats)
    details: bool = False
    outage: str = ""
    paused: bool = False
    marks: tuple[Mark, ...] = ()

    @cached_property
    def picture(self) -> NDArray[np.uint8]:
        """The frame with its digits drawn over it, shape (height, width, 3), BGR; drawn when first asked for."""
        shown = replace(self.reading, digits=self.digits)
        status = self.outage or ("paused" if self.paused else "")
        return annotate(self.frame.image, shown, status, details=self.details, marks=self.marks)
