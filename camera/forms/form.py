"""What a form is: its blank sheet, its fields and what must hold between them, as a file of TOML says it."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.checks import CHECKS
from mnist_edge.camera.forms.pattern import DIGIT, Pattern, parse_pattern
from mnist_edge.camera.forms.toml_table import TomlTable, is_numbers
from mnist_edge.camera.images import read_image
from mnist_edge.errors import ImageError, UsageError
from mnist_edge.opencv import cv2
from mnist_edge.safe_text import quoted
from mnist_edge.toml_file import read_toml

# Of the form of the file; a file of another one is refused.
VERSION = 1
MAX_FIELDS, MAX_DIGITS = 1_000, 30
# The greatest ratio of the sides of a sheet or of a photograph of it.
NARROWEST = 10
# Columns of the table that are no field.
RESERVED = ("source", "outcome", "review")
REVIEW, BLANK = "review", "blank"
EXAMPLE = "form = 1"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Field:
    """One place on the form where a value is written.

    Attributes:
        name: Its column in the table.
        corners: Four, clockwise from the top left as it is read, in the form's units.
        pattern: How its value is written; None for free rows of digits.
        least: Least value, or None.
        most: Greatest value, or None.
        check: A key of `CHECKS`, or nothing.
        empty: What an empty field means: None for a question to a person, else the value, which may be nothing.
    """

    name: str
    corners: tuple[Point, Point, Point, Point]
    pattern: Pattern | None
    least: float | None = None
    most: float | None = None
    check: str = ""
    empty: str | None = None

    def fits(self, value: str) -> bool:
        """Whether a value of the pattern is in the range and obeys the check."""
        if self.least is not None and Decimal(value) < Decimal(str(self.least)):
            return False
        if self.most is not None and Decimal(value) > Decimal(str(self.most)):
            return False
        digits = "".join(filter(str.isdigit, value))
        return not self.check or CHECKS[self.check].holds(digits)


@dataclass(frozen=True, slots=True)
class Sum:
    """A column that adds up: the values of `parts` are that of `total` together; an empty part counts nothing."""

    parts: tuple[str, ...]
    total: str


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A form.

    Attributes:
        name: What people call it.
        blank: Its empty sheet, shape (height, width, 3), BGR; None where only its size is known.
        size: Width and height in the form's units: pixels of the blank sheet, else millimetres.
        fields: In the order of the table's columns.
        sums: What must add up.
    """

    name: str
    blank: NDArray[np.uint8] | None
    size: tuple[float, float]
    fields: tuple[Field, ...]
    sums: tuple[Sum, ...] = ()


def load_form(file: Path) -> Form:
    """Read a form from its file; docs/forms.md describes it.

    Raises:
        UsageError: The file is missing, or something in it is wrong; says where and what.
        ImageError: The blank sheet cannot be read.
    """
    try:
        document = read_toml(file, EXAMPLE)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}; name the file of a form") from None
    return parse_form(document, file)


def parse_form(document: dict[str, Any], file: Path) -> Form:
    """Understand what is in a form's file.

    Args:
        document: Its tables.
        file: The file, which messages name, and beside which the blank sheet lies.

    Raises:
        UsageError: Something in it is wrong; says where and what.
        ImageError: The blank sheet cannot be read.
    """
    table = TomlTable(document, str(file))
    if (version := table.need("form", int, EXAMPLE)) != VERSION:
        raise table.error(f"form = {version} is a newer form than this program knows ({VERSION}); update the program")
    name = table.take("name", str, "a text", file.stem) or file.stem
    blank, size = _sheet(table, file.absolute().parent)
    if max(size) > NARROWEST * min(size):
        raise table.error(f"the sheet is {size[0]:g} by {size[1]:g}; one side is at most {NARROWEST} times the other")
    fields = tuple(_field(one, size) for one in table.tables("field", "tables [[field]]"))
    if not 1 <= len(fields) <= MAX_FIELDS:
        raise table.error(f"there are {len(fields)} fields; write 1 to {MAX_FIELDS:,} tables [[field]]")
    names = [field.name for field in fields]
    if doubled := next((one for one in names if names.count(one) > 1), ""):
        raise table.error(f"two fields have the name {quoted(doubled)}; give each its own")
    sums = tuple(_sum(one, fields) for one in table.tables("sum", "tables [[sum]]"))
    table.finish()
    return Form(name, blank, size, fields, sums)


def _sheet(table: TomlTable, folder: Path) -> tuple[NDArray[np.uint8] | None, tuple[float, float]]:
    picture = table.take("blank", str, "the path of a picture of the empty sheet")
    page = table.numbers("page", 2, "[width, height] in millimetres")
    if (picture is None) == (page is None):
        raise table.error('give either blank = "sheet.png", the empty sheet, or page = [210, 297], its millimetres')
    if picture is None:
        assert page
        if not all(10 <= side <= 5000 for side in page):
            raise table.error(f"page is {page[0]:g} by {page[1]:g} mm; sides are 10 to 5000")
        return None, (page[0], page[1])
    try:
        blank = read_image(str(folder / picture))
    except ImageError as error:
        raise ImageError(f"{table.place}: blank: {error}") from None
    return blank, (float(blank.shape[1]), float(blank.shape[0]))


def _field(table: TomlTable, size: tuple[float, float]) -> Field:
    name = table.need("name", str, 'name = "a name"')
    table.place = f"{table.place} ({quoted(name)})"
    if not name.strip() or len(name) > 60 or not name.isprintable() or name in RESERVED:
        raise table.error(f"a name has 1 to 60 letters and is none of {', '.join(RESERVED)}; choose another")
    pattern = _pattern(table)
    field = Field(
        name,
        _corners(table, size),
        pattern,
        table.take("min", float, "a number"),
        table.take("max", float, "a number"),
        table.take("check", str, " or ".join(CHECKS), "") or "",
        _empty(table, pattern),
    )
    table.finish()
    _refuse_contradictions(table, field)
    return field


def _pattern(table: TomlTable) -> Pattern | None:
    count = table.take("digits", int, "how many")
    text = table.take("pattern", str, 'a text such as "##"')
    if count is not None and text is not None:
        raise table.error("digits and pattern say the same; leave one out")
    if count is not None and not 1 <= count <= MAX_DIGITS:
        raise table.error(f"digits = {count} does not serve; write 1 to {MAX_DIGITS}, or neither for free rows")
    if count is not None:
        text = DIGIT * count
    if text is None:
        return None
    try:
        return parse_pattern(text)
    except ValueError as reason:
        raise table.error(f"pattern = {quoted(text)} does not serve: {reason}") from None


def _corners(table: TomlTable, size: tuple[float, float]) -> tuple[Point, Point, Point, Point]:
    box = table.numbers("box", 4, "[x, y, width, height]")
    corners = table.take("corners", list, "four corners [x, y]")
    if (box is None) == (corners is None):
        raise table.error("give either box = [x, y, width, height] or corners = four of [x, y]")
    if box:
        x, y, width, height = box
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    if len(corners or ()) != 4 or not all(is_numbers(corner, 2) for corner in corners or ()):
        raise table.error("corners must be four of [x, y], clockwise from the top left")
    points = np.array(corners, np.float32)
    if cv2.contourArea(points, oriented=True) <= 0 or not cv2.isContourConvex(points):
        raise table.error("the corners surround nothing; name them clockwise from the top left, as it is read")
    if (points < 0).any() or (points > size).any():
        raise table.error(f"it goes beyond the sheet, which is {size[0]:g} wide and {size[1]:g} high")
    first, second, third, fourth = ((float(x), float(y)) for x, y in points)
    return first, second, third, fourth


def _empty(table: TomlTable, pattern: Pattern | None) -> str | None:
    text = table.take("empty", str, '"review", "blank" or a value', REVIEW)
    if text in (REVIEW, BLANK):
        return None if text == REVIEW else ""
    digits = "".join(filter(str.isdigit, text or ""))
    if pattern and pattern.fill(digits, (text or "").startswith("-")) != text:
        raise table.error(f'empty = {quoted(text)} is no value of {pattern.text}; write "review", "blank" or one')
    return text


def _refuse_contradictions(table: TomlTable, field: Field) -> None:
    if field.check and field.check not in CHECKS:
        raise table.error(f"check = {quoted(field.check)} is not known; there are {', '.join(CHECKS)}")
    if field.check and not field.pattern:
        raise table.error("a check needs digits or a pattern")
    ranged = field.least is not None or field.most is not None
    if ranged and not (field.pattern and field.pattern.is_number):
        raise table.error("min and max need digits, or a pattern of numbers such as ##.#")
    if field.least is not None and field.most is not None and field.least > field.most:
        raise table.error(f"min = {field.least:g} is above max = {field.most:g}; exchange them")


def _sum(table: TomlTable, fields: tuple[Field, ...]) -> Sum:
    parts = table.need("of", list, "of = [names of fields]")
    total = table.need("is", str, 'is = "name of a field"')
    table.finish()
    numbers = {field.name for field in fields if field.pattern and field.pattern.is_number}
    for name in (*parts, total):
        if not isinstance(name, str) or name not in numbers:
            raise table.error(f"{quoted(name)} is no field with a pattern of numbers; name fields of this form")
    if not parts or len({*parts, total}) <= len(parts):
        raise table.error("each field counts once, and the sum is none of its parts; name each once")
    return Sum(tuple(parts), total)
