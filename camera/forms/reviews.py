"""What people say about doubtful values: kept as it is said, never over what somebody else said meanwhile."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from mnist_edge.camera.forms.form import Field
from mnist_edge.camera.forms.page_file import PageFile
from mnist_edge.camera.forms.recheck import broken_sum, recheck
from mnist_edge.errors import UsageError

# A field that was given to somebody is given to nobody else for so long, unless it was answered before.
LEASE_SECONDS = 120.0
# Fields that are given at a time.
BATCH = 30
MAX_CHARACTERS = 200
COLUMNS = """readings.number, source, fields.number, name, readings.value, trust, outcome, readings.reason,
    alternatives, crop, answer, review, pattern, settled
    FROM readings JOIN pages ON pages.number = page JOIN fields ON fields.number = field"""


class Conflict(Exception):
    """Somebody else has said something meanwhile; `current` is the field as it is now."""

    def __init__(self, current: dict[str, Any]) -> None:
        said = current["answer"]
        super().__init__("somebody else took it back" if said is None else f"somebody else says {said or 'empty'}")
        self.current = current


class Doubtful(Exception):
    """The value breaks a rule of its field: it is kept where it is sent again as sure."""


@dataclass(slots=True)
class Reviews:
    """The review of a file, for all who take part in it; one thread at a time may use it."""

    pages: PageFile
    _fields: list[Field] = field(default_factory=list)
    _leases: dict[int, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fields = self.pages.fields

    def batch(self, reviewer: str, others: bool = False, known: frozenset[int] = frozenset()) -> dict[str, Any]:
        """Return the next fields for one reviewer, which nobody else gets for two minutes, and what is left in all.

        Args:
            reviewer: Any name of their own.
            others: Whether also those are wanted at which nobody needs to look.
            known: Fields that they have already.
        """
        now = time.monotonic()
        self._leases = {one: lease for one, lease in self._leases.items() if lease[1] > now}
        taken = {one for one, (who, _) in self._leases.items() if who != reviewer} | known
        which = f"answer IS NULL AND better IS NULL{'' if others else ' AND settled = 0'}"
        rows = self.pages.database.execute(
            f"SELECT {COLUMNS} WHERE {which} ORDER BY settled, trust, readings.number LIMIT ?", (BATCH + len(taken),)
        )
        fields = [_document(row) for row in rows if row[0] not in taken][:BATCH]
        self._leases |= {one["id"]: (reviewer, now + LEASE_SECONDS) for one in fields}
        return {"fields": fields, "progress": self.progress()}

    def progress(self) -> dict[str, int]:
        """Return how many fields are `doubtful`, of those how many are `left`, and how many were `reviewed` in all."""
        counts = "count(*) FILTER (WHERE settled = 0), count(*) FILTER (WHERE settled = 0 AND answer IS NULL)"
        where = "FROM readings JOIN pages ON pages.number = page WHERE better IS NULL"
        found = self.pages.database.execute(f"SELECT {counts}, count(answer) {where}").fetchone()
        return dict(zip(("doubtful", "left", "reviewed"), found, strict=True))

    def answer(self, number: int, value: str | None, *, seen: int, reviewer: str, sure: bool = False) -> dict[str, Any]:
        """Keep what a person says of a field; it is on the disk when this returns.

        Args:
            number: Of the field, `id` in its document.
            value: What stands there; digits alone are written as the field's pattern has it. None takes it back.
            seen: The number of the review that the person saw, `review` in the document.
            reviewer: Who says so.
            sure: Keep it although it breaks the field's rules.

        Returns:
            The field as it is now, with `changed`, others of its page that the sums of the form now see otherwise.

        Raises:
            LookupError: There is no such field.
            Conflict: Somebody said something after `seen`; nothing was changed.
            Doubtful: The value is none of the field's, or a sum of what people have said breaks by it.
            UsageError: The value is no text that a field can have.
            OutputError: It cannot be written.
        """
        current = self._current(number)
        if value is not None:
            value = self._written(self._fields[current["field"]], value, sure)
            broken = None if sure else broken_sum(self.pages, self._page_of(number), current["name"], value)
            if broken:
                raise Doubtful(f"with {value or 'nothing'}, {broken.total} does not add up; Enter again keeps it")
        with self.pages.writing() as database:
            current = self._current(number)
            if current["review"] != seen:
                raise Conflict(current)
            row = (number, value, reviewer)
            review = database.execute("INSERT INTO reviews (reading, value, reviewer) VALUES (?, ?, ?)", row).lastrowid
            database.execute("UPDATE readings SET answer = ?, review = ? WHERE number = ?", (value, review, number))
            changed = recheck(self.pages, self._page_of(number))
        if value is None:
            self._leases[number] = reviewer, time.monotonic() + LEASE_SECONDS
        return self._current(number) | {"changed": [self._current(one) for one in changed]}

    def _page_of(self, number: int) -> int:
        return int(self.pages.database.execute("SELECT page FROM readings WHERE number = ?", (number,)).fetchone()[0])

    def _current(self, number: int) -> dict[str, Any]:
        row = self.pages.database.execute(f"SELECT {COLUMNS} WHERE readings.number = ?", (number,)).fetchone()
        if row is None:
            raise LookupError(f"there is no field {number}")
        return _document(row)

    @staticmethod
    def _written(one: Field, value: str, sure: bool) -> str:
        value = value.strip()
        if len(value) > MAX_CHARACTERS or not all(letter.isprintable() or letter == "\n" for letter in value):
            raise UsageError(f"a value has at most {MAX_CHARACTERS} characters that can be printed")
        if not value or one.pattern is None:
            return value
        digits = "".join(filter(str.isdecimal, value))
        filled = one.pattern.fill(digits, value.startswith("-"))
        same = filled is not None and (value.removeprefix("-") == digits or value == filled)
        if filled is not None and same and one.fits(filled):
            return filled
        if not sure:
            rule = "its range or its check" if same else f"its pattern {one.pattern.text}"
            raise Doubtful(f"{value} breaks {rule}; Enter again keeps it")
        return filled if filled is not None and same else value


def _document(row: tuple[Any, ...]) -> dict[str, Any]:
    names = (
        "id", "page", "field", "name", "value", "trust", "outcome", "reason", "alternatives", "crop",
        "answer", "review", "pattern", "settled",
    )  # fmt: skip
    found = dict(zip(names, row, strict=True))
    crop = base64.b64encode(found["crop"]).decode()
    return found | {"alternatives": json.loads(found["alternatives"]), "crop": f"data:image/jpeg;base64,{crop}"}
