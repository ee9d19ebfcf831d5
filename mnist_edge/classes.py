"""The classes that data and networks have: the ten digits, or any 2 to 62 others."""

from collections.abc import Sequence
from typing import Any

from mnist_edge.errors import ModelError
from mnist_edge.safe_text import quoted

DIGITS = tuple("0123456789")
# Digits, capitals and small letters: EMNIST's largest set.
MIN_CLASSES, MAX_CLASSES = 2, 62
# Of a name.
MAX_LENGTH = 60


def numbered(count: int) -> tuple[str, ...]:
    """The names of classes that nobody has named: their numbers, from 0."""
    return tuple(map(str, range(count)))


def is_numbered(classes: Sequence[str]) -> bool:
    """Whether classes have numbers for names."""
    return all(name.isdecimal() for name in classes)


def shown(classes: Sequence[str]) -> str:
    """Name classes in a message: `26 classes (A, B, C, ...)`."""
    return f"{len(classes)} classes ({', '.join(classes[:3])}{', ...' if len(classes) > 3 else ''})"


def names_of(classes: Sequence[str]) -> tuple[str, ...] | None:
    """Names that stand beside labels; None for the ten digits, whose labels say it all."""
    return None if tuple(classes) == DIGITS else tuple(classes)


def noun(classes: Sequence[str]) -> str:
    """What one of them is called: `digit`, or `class`."""
    return "digit" if set(classes) <= set(DIGITS) else "class"


def classes_of(metadata: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """Get the names of a file's classes from its metadata; None where it has none. `name` is the file's.

    Raises:
        ModelError: They are no list of 2 to 62 different names.
    """
    found = metadata.get("labels")
    if found is None:
        return None
    names = tuple(found) if isinstance(found, list) else ()
    sound = all(isinstance(one, str) and 0 < len(one) <= MAX_LENGTH for one in names) and len(set(names)) == len(names)
    if not sound or not MIN_CLASSES <= len(names) <= MAX_CLASSES:
        raise ModelError(f"{name} says its labels are {quoted(found)}; export it again with: mnist-edge export")
    return names
