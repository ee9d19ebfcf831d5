"""Fields of the live picture without a form: named regions, whose reading counts once it has held."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

from mnist_edge.camera.events import timestamp
from mnist_edge.camera.forms.pattern import Pattern, parse_pattern
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.rows import Row, Value
from mnist_edge.camera.view import View
from mnist_edge.errors import UsageError
from mnist_edge.reading import Box, Digit

# One region: NAME=x,y,w,h, with a pattern behind another colon where it has one.
REGION = re.compile(r"\s*([^=;]{1,60}?)\s*=\s*(\d+),(\d+),(\d+),(\d+)(?::(.+?))?\s*")
EXAMPLE = "meter=40,60,300,80:#####"
# A reading counts once it was there for so many frames, as long as a collected digit must be.
HELD_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Region:
    """A place in the frame whose digits are one value.

    Attributes:
        name: What it is called.
        box: In pixels of the frame, after turning and cropping.
        pattern: How its value is written; None for any digits.
    """

    name: str
    box: Box
    pattern: Pattern | None = None

    def value(self, digits: Sequence[Digit]) -> Value | None:
        """Return what the digits in it say; None where that is nothing, or does not fit its pattern."""
        inside = sorted(
            (one for one in digits if self.box.contains(*one.box.centre)), key=lambda one: (one.row, one.box.centre)
        )
        text = "".join(str(one.label) for one in inside)
        written = self.pattern.fill(text) if self.pattern else text
        return Value(written, prod(one.confidence for one in inside)) if written else None


def parse_regions(text: str) -> list[Region]:
    """Understand `NAME=x,y,w,h[:PATTERN]`, several with `;` between them.

    Raises:
        UsageError: It is something else; says what.
    """
    regions: list[Region] = []
    for part in filter(str.strip, text.split(";")):
        found = REGION.fullmatch(part)
        if not found or "0" in (found[4], found[5]):
            raise UsageError(f"--region {part.strip()!r} is no region; write NAME=x,y,w,h or such as {EXAMPLE}")
        if found[1] in (region.name for region in regions):
            raise UsageError(f"--region {found[1]!r} is there twice; give each its own name")
        try:
            pattern = parse_pattern(found[6]) if found[6] else None
        except ValueError as reason:
            raise UsageError(f"--region {found[1]!r}: the pattern {found[6]} does not serve: {reason}") from None
        regions.append(Region(found[1], Box(*(int(found[place]) for place in range(2, 6))), pattern))
    if not regions:
        raise UsageError(f"--region names none; write NAME=x,y,w,h or such as {EXAMPLE}")
    return regions


@dataclass(slots=True)
class _Held:
    """How long a region has said the same, and what it said when it was taken last."""

    text: str = ""
    frames: int = 0
    taken: str = ""


@dataclass(slots=True)
class RegionWatch:
    """Takes the value of each region once it has held; a sink of views.

    Attributes:
        regions: What is watched.
        take: Gets the rows.
        still: Whether each frame is a page of its own, see `SourceInfo`.
    """

    regions: Sequence[Region]
    take: Callable[[Sequence[Row]], object]
    still: bool = False
    _frame: Frame | None = None
    _held: dict[str, _Held] = field(default_factory=dict)

    def show(self, view: View) -> None:
        """Look at the confirmed digits of a new frame; the same value again counts once the region was empty."""
        if view.frame is self._frame:
            return
        self._frame = view.frame
        rows = []
        for region in self.regions:
            value, held = region.value(view.digits), self._held.setdefault(region.name, _Held())
            text = value.text if value else ""
            held.frames = held.frames + 1 if text == held.text and not self.still else 1
            held.text = text
            if held.frames < (1 if self.still else HELD_FRAMES) or (text == held.taken and not self.still):
                continue
            held.taken = text
            if value:
                frame, values = view.frame, {region.name: value}
                rows.append(Row(timestamp(), frame.number, frame.seconds, frame.source, "region", region.name, values))
        if rows:
            self.take(rows)
