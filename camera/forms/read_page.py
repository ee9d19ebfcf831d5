"""Read a photograph of a filled form, field by field."""

from collections import defaultdict
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.copies import fingerprint
from mnist_edge.camera.forms.form import Field, Form
from mnist_edge.camera.forms.laying import DoesNotFit, Laid, Sheet
from mnist_edge.camera.forms.printed import Image, without_print
from mnist_edge.camera.forms.sums import apply_sum
from mnist_edge.camera.forms.values import (
    BESIDE,
    CUT_OFF,
    LEAST_DIGIT,
    MIN_TRUST,
    UNLIKELY,
    FieldReading,
    Ink,
    read_value,
    settle,
)
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.components import find_components
from mnist_edge.classes import names_of, shown
from mnist_edge.errors import UsageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading, Rejected

# Level of ink, of 255, that counts as something in a field.
DARK = 60
# Of a field, the share that the photograph must show.
LEAST_SEEN = 0.98
# Least pixels of ink that are more than noise.
LEAST_SPECK = 8
# Heights of a digit that is written in a field, in heights of the field: what is lower is a speck, what is higher the
# rest of a frame.
LOWEST, HIGHEST = 0.2, 2.0
# A digit beside an empty field is so near, in heights of the field.
NEAR = 1.0
# Pages that are looked for in one photograph; another one is where so large a share of a page's area is left beside it.
MAX_PAGES, LEAST_OTHER = 20, 0.5


def _nowhere() -> NDArray[np.float32]:
    return np.empty((0, 4, 2), np.float32)


@dataclass(frozen=True, slots=True)
class PageReading:
    """What a photograph of a form says.

    Attributes:
        source: Name of the photograph.
        fits: Whether it shows the form; otherwise there are no fields.
        reason: Why it does not.
        fit: The share of the form's print that is in its place, 0 to 1.
        fields: In the form's order.
        fingerprint: What tells pictures of one page, see `copies.alike`; comparisons leave it out.
        picture: The photograph as the form lies, shape (height, width, 3), BGR; comparisons leave it out.
        outlines: The corners of each field in the photograph, shape (fields, 4, 2); comparisons leave them out.
        alone: Each field by itself, before the sums of the form were used; comparisons leave them out.
    """

    source: str
    fits: bool
    reason: str = ""
    fit: float = 0.0
    fields: tuple[FieldReading, ...] = ()
    fingerprint: bytes = dataclass_field(default=b"", compare=False, repr=False)
    picture: Image | None = dataclass_field(default=None, compare=False, repr=False)
    outlines: NDArray[np.float32] = dataclass_field(default_factory=_nowhere, compare=False, repr=False)
    alone: tuple[FieldReading, ...] = dataclass_field(default=(), compare=False, repr=False)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Names of the fields at which a person must look."""
        return tuple(one.name for one in self.fields if not one.settled)

    def to_json(self) -> dict[str, Any]:
        """The document that `read --form --json` prints."""
        fields = {
            one.name: {
                "value": one.value,
                "trust": round(one.trust, 4),
                "outcome": one.outcome,
                "reason": one.reason,
                "alternatives": [[value, round(share, 4)] for value, share in one.alternatives[:3]],
            }
            for one in self.fields
        }
        fit = round(self.fit, 4)
        return {"source": self.source, "fits": self.fits, "reason": self.reason, "fit": fit, "fields": fields}


class FormReader:
    """Reads photographs of one form; it keeps nothing from one to the next.

    Attributes:
        form: The form.
        min_trust: Values with less trust are left to a person.
    """

    def __init__(self, form: Form, reader: Reader, min_trust: float = MIN_TRUST) -> None:
        """Prepare the empty sheet.

        Args:
            form: The form.
            reader: Reads the digits.
            min_trust: Values with less trust are left to a person, 0 to 1.

        Raises:
            UsageError: The empty sheet has too little print to find it by, or the model tells no digits.
        """
        if names_of(reader.classes):
            raise UsageError(f"forms hold digits, and {reader.model} tells {shown(reader.classes)}")
        self.form = form
        self._reader, self.min_trust = reader, min_trust
        self._sheet = Sheet(form)
        self._corners = [np.array(one.corners, np.float32) * self._sheet.scale for one in form.fields]
        width, height = self._sheet.size
        self._heights = [float(np.linalg.norm(corners[3] - corners[0])) for corners in self._corners]
        self._boxes = [Box(*map(int, cv2.boundingRect(corners))) for corners in self._corners]
        # The number of the field of each pixel, from 1; 0 where there is none.
        self._places = np.zeros((height, width), np.int32)
        for number, corners in enumerate(self._corners, 1):
            cv2.fillConvexPoly(self._places, np.rint(corners).astype(np.int32), number)

    @property
    def model(self) -> str:
        """Name of the model that reads."""
        return self._reader.model

    def read(self, photo: Image, source: str) -> PageReading:
        """Read one photograph of one page.

        Args:
            photo: Shape (height, width, 3), BGR.
            source: Its name in the reading.
        """
        try:
            return self._read(self._sheet.lay(photo), source)
        except DoesNotFit as reason:
            return PageReading(source, False, str(reason))

    def read_all(self, photo: Image, source: str) -> list[PageReading]:
        """Read all pages that lie side by side in one photograph, the largest part of the form's print first.

        Args:
            photo: Shape (height, width, 3), BGR.
            source: Its name in the first reading; the others are `NAME#2` and so on.

        Returns:
            At least one reading; a single one that does not fit where there is no such page.
        """
        pages: list[PageReading] = []
        while len(pages) < MAX_PAGES:
            try:
                laid = self._sheet.lay(photo)
            except DoesNotFit as reason:
                return pages or [PageReading(source, False, str(reason))]
            pages.append(self._read(laid, f"{source}#{len(pages) + 1}" if pages else source))
            outline = self._sheet.outline(laid)
            if cv2.contourArea(outline) * (1 + LEAST_OTHER) > photo.shape[0] * photo.shape[1]:
                break
            photo = photo.copy()
            # Any even colour: what is gone has no print.
            cv2.fillConvexPoly(photo, np.rint(outline).astype(np.int32), photo.mean(axis=(0, 1)).tolist())
        return pages

    def _read(self, laid: Laid, source: str) -> PageReading:
        ink = self._written(laid)
        reading = self._reader.read(np.repeat(255 - ink[..., None], 3, axis=2), source)
        alone = tuple(self._values(laid, ink, self._without_others(reading)))
        fields = {one.name: one for one in alone}
        for rule in self.form.sums:
            fields = apply_sum(rule, fields)
        settled = tuple(
            replace(settle(one, self.min_trust), box=box) for one, box in zip(fields.values(), self._boxes, strict=True)
        )
        outlines = cv2.perspectiveTransform(np.stack(self._corners).reshape(1, -1, 2), laid.to_photo).reshape(-1, 4, 2)
        mark = fingerprint(ink, self._places)
        outlines = np.asarray(outlines, np.float32)
        return PageReading(source, True, "", laid.fit, settled, mark, laid.picture, outlines, alone)

    def _without_others(self, reading: Reading) -> Reading:
        """Return a reading without what is too unlikely to be a digit, or of no digit's height where it stands."""

        def may_be(box: Box) -> bool:
            number = self._place(box.centre)
            share = box.height / self._heights[number - 1] if number else 1.0
            return box.height >= LEAST_DIGIT and LOWEST <= share <= HIGHEST

        digits = tuple(digit for digit in reading.digits if may_be(digit.box))
        rejected = tuple(mark for mark in reading.rejected if may_be(mark.box) and mark.confidence >= UNLIKELY)
        return replace(reading, digits=digits, rejected=rejected)

    def _written(self, laid: Laid) -> Image:
        """Return the ink that is not printed: without an empty sheet to compare with, that in the fields."""
        if self._sheet.printed is None:
            return np.where(self._places > 0, laid.ink, np.uint8(0))
        return without_print(laid.ink, self._sheet.printed)

    def _values(self, laid: Laid, ink: Image, reading: Reading) -> list[FieldReading]:
        count = len(self.form.fields) + 1
        unexplained = (ink > DARK) & ~self._explained(reading)
        area, seen, dark, loose = (
            np.bincount(self._places.ravel(), weights=mask.ravel(), minlength=count)
            for mask in (self._places > 0, laid.seen == 255, ink > DARK, unexplained)
        )
        specks = self._specks(unexplained)
        found = []
        for number, field in enumerate(self.form.fields, 1):
            if seen[number] < LEAST_SEEN * area[number]:
                found.append(FieldReading(field.name, "", 0.0, CUT_OFF, "the photograph does not show all of it"))
                continue
            marks = self._marks(number, reading)
            shares = float(dark[number] / max(area[number], 1)), float(loose[number] / max(dark[number], 1))
            value = read_value(field, Ink(*marks, *shares, tuple(specks[number])))
            found.append(self._unless_beside(field, number, value, reading))
        return found

    def _marks(self, number: int, reading: Reading) -> tuple[tuple[Digit, ...], tuple[Rejected, ...]]:
        """Return what was read in a field, from left to right, and what was refused there."""
        digits = (digit for digit in reading.digits if self._place(digit.box.centre) == number)
        refused = (mark for mark in reading.rejected if self._place(mark.box.centre) == number)
        return tuple(sorted(digits, key=lambda digit: digit.box.centre)), tuple(refused)

    def _specks(self, unexplained: NDArray[np.bool_]) -> dict[int, list[Box]]:
        """Return the boxes of each field's connected ink that is in none of its marks."""
        specks: dict[int, list[Box]] = defaultdict(list)
        components = find_components(unexplained.view(np.uint8))
        for box in (Box(*row) for row in components.boxes[components.areas >= LEAST_SPECK].tolist()):
            specks[self._place(box.centre)].append(box)
        return specks

    def _explained(self, reading: Reading) -> NDArray[np.bool_]:
        """Return where the marks of each field cover it, shape (height, width)."""
        explained = np.zeros(self._places.shape, np.bool_)
        for box in [*(digit.box for digit in reading.digits), *(mark.box for mark in reading.rejected)]:
            if number := self._place(box.centre):
                explained[box.slices] |= self._places[box.slices] == number
        return explained

    def _place(self, point: tuple[float, float]) -> int:
        return int(self._places[int(point[1]), int(point[0])])

    def _unless_beside(self, field: Field, number: int, value: FieldReading, reading: Reading) -> FieldReading:
        """Doubt that a field is empty where a digit stands near it that is in no field."""
        if value.value not in ("", field.empty) or value.trust == 0.0:
            return value
        corners, height = self._corners[number - 1], self._heights[number - 1]
        for digit in reading.digits:
            centre = digit.box.centre
            if not self._place(centre) and cv2.pointPolygonTest(corners, centre, True) > -NEAR * height:
                return replace(value, trust=0.0, outcome=BESIDE, reason="a digit stands beside it")
        return value
