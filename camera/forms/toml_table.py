"""Take the keys of a table in a file of TOML, and say in one line which of them is wrong, and where."""

import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from mnist_edge.errors import UsageError
from mnist_edge.safe_text import quoted, shortened

T = TypeVar("T")
# Above every number that a form needs; TOML has infinity and "not a number" too.
MOST = 1e30


class TomlTable:
    """One table of a file; each key is taken once, and what was not taken at the end is unknown.

    Attributes:
        place: Where the table stands, as messages name it.
    """

    def __init__(self, table: dict[str, Any], place: str) -> None:
        self.place = place
        self._left = dict(table)
        self._known: list[str] = []

    def take(self, key: str, kind: type[T], wanted: str, default: T | None = None) -> T | None:
        """Return the value of a key, or the default where it is missing.

        Args:
            key: Its name.
            kind: The type of its value; whole numbers serve as `float`.
            wanted: What the value should be, for the message.
            default: What a missing key means.

        Raises:
            UsageError: It is of another type.
        """
        self._known.append(key)
        value = self._left.pop(key, default)
        if value is None:
            return None
        # A truth value is a whole number to Python.
        right = isinstance(value, kind) and not isinstance(value, bool)
        if not (is_numbers([value], 1) if kind is float else right):
            raise self.error(f"{key} must be {wanted}, not {quoted(value)}")
        taken: T = value
        return taken

    def need(self, key: str, kind: type[T], wanted: str) -> T:
        """Return the value of a key as `take` does; raises `UsageError` also where it is missing."""
        value = self.take(key, kind, wanted)
        if value is None:
            raise self.error(f"{key} is missing; write {wanted}")
        return value

    def tables(self, key: str, wanted: str) -> list["TomlTable"]:
        """Return the tables `[[key]]`, each with its place."""
        tables = self.take(key, list, wanted, []) or []
        if not all(isinstance(table, dict) for table in tables):
            raise self.error(f"{key} must be {wanted}")
        return [TomlTable(table, f"{self.place}: {key} {number}") for number, table in enumerate(tables, 1)]

    def numbers(self, key: str, count: int, wanted: str) -> list[float] | None:
        """Return a list of so many numbers; None where it is missing."""
        value = self.take(key, list, wanted)
        if value is None:
            return None
        if not is_numbers(value, count):
            raise self.error(f"{key} must be {wanted}, not {quoted(value)}")
        return [float(number) for number in value]

    def finish(self) -> None:
        """Raise `UsageError` if a key was not taken."""
        for key in self._left:
            near = difflib.get_close_matches(key, self._known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._known)}"
            raise self.error(f"there is no key {shortened(key)}; {advice}")

    def error(self, what: str) -> UsageError:
        """Return an error that names the place."""
        return UsageError(f"{self.place}: {what}")


def is_numbers(value: object, count: int) -> bool:
    """Whether a value is a list of so many numbers, none of them endless."""
    if not isinstance(value, Sequence) or len(value) != count:
        return False
    return all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < MOST for one in value)
