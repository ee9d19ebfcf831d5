"""Fields of the live picture without a form: named regions, whose reading counts once it has held."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import timestamp
from mnist_edge.camera.forms.pattern import Pattern, parse_pattern
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.rows import Mark, Row, Value
from mnist_edge.camera.view import View
from mnist_edge.errors import UsageError
from mnist_edge.reading import Box, Digit

# One region: NAME=x,y,w,h, with a pattern behind another colon where it has one.
REGION = re.compile(r"\s*([^=;]{1,60}?)\s*=\s*(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})(?::(.+?))?\s*")
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

    @property
    def text(self) -> str:
        """As `--region` has it."""
        box = ",".join(map(str, self.box))
        return f"{self.name}={box}:{self.pattern.text}" if self.pattern else f"{self.name}={box}"

    def mark(self, value: Value | None) -> Mark:
        """Return it with its value, as it is drawn."""
        x, y, right, bottom = self.box.x, self.box.y, self.box.right, self.box.bottom
        return Mark(self.name, ((x, y), (right, y), (right, bottom), (x, bottom)), value)

    def value(self, digits: Sequence[Digit]) -> Value | None:
        """Return what the digits in it say; None where that is nothing, or does not fit its pattern."""
        inside = sorted(
            (one for one in digits if self.box.contains(*one.box.centre)), key=lambda one: (one.row, one.box.centre)
        )
        text = "".join(one.text for one in inside)
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
        if not found or not found[1].isprintable() or 0 in (int(found[4]), int(found[5])):
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


def regions_to_text(regions: Sequence[Region]) -> str:
    """Return regions as `--region` has them."""
    return ";".join(region.text for region in regions)


@dataclass(slots=True)
class _Held:
    """How long a region has said the same, and what it said when it was taken last."""

    region: Region
    text: str = ""
    frames: int = 0
    taken: str = ""


@dataclass(slots=True)
class RegionWatch:
    """Takes the value of each region once it has held; a watch of the loop.

    Attributes:
        controls: Say what is watched, which people may change.
        take: Gets the rows.
        still: Whether each frame is a page of its own, see `SourceInfo`.
    """

    controls: Controls
    take: Callable[[Sequence[Row]], object]
    still: bool = False
    _frame: Frame | None = None
    _held: dict[str, _Held] = field(default_factory=dict)
    _marks: list[Mark] = field(default_factory=list)

    def look(self, view: View) -> Sequence[Mark]:
        """Look at the confirmed digits of a new frame; the same value again counts once the region was empty."""
        if view.frame is self._frame:
            return self._marks
        self._frame = view.frame
        self._marks, rows = [], []
        for region in self.controls.regions:
            value, held = region.value(view.digits), self._held.get(region.name)
            self._marks.append(region.mark(value))
            if held is None or held.region != region:
                held = self._held[region.name] = _Held(region)
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
        return self._marks
