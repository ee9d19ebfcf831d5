"""Bring labels, numbers or names, to classes that are counted from 0."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import MAX_CLASSES, MAX_LENGTH, MIN_CLASSES, is_numbered
from mnist_edge.errors import DataError
from mnist_edge.formats.raw import TRAINING, RawData
from mnist_edge.safe_text import printable, quoted


def to_classes(raw: RawData) -> tuple[dict[str, NDArray[np.uint8]], tuple[str, ...]]:
    """The labels of each part, and the classes that they count: those that training images have.

    Labels that are numbers are named by `RawData.class_names`, or by themselves, and keep their order; labels that are
    words are in that of the alphabet. Classes that all have numbers for names are in the order of these.

    Returns:
        By part, shape (n,), uint8; and the names of the classes.

    Raises:
        DataError: There is one class only, or more than 62, or another part has one that training lacks.
    """
    found = {role: _named(part.labels, raw.class_names) for role, part in raw.parts.items()}
    # As a dictionary, since two numbers may have one name.
    classes = tuple(dict.fromkeys(found[TRAINING][label] for label in sorted(found[TRAINING], key=_rank)))
    if is_numbered(classes):
        classes = tuple(sorted(classes, key=int))
    if len(classes) < MIN_CLASSES:
        raise DataError(f"there is one class only, {classes[0]}; a classifier needs two or more")
    if len(classes) > MAX_CLASSES:
        raise DataError(f"there are {len(classes)} classes, and {MAX_CLASSES} are the most; take some out")
    return {role: _counted(part.labels, found[role], classes, role) for role, part in raw.parts.items()}, classes


def _named(labels: NDArray[np.generic], known: Mapping[int, str]) -> dict[int | str, str]:
    """The name of each label that occurs."""
    names: dict[int | str, str] = {}
    for label in np.unique(labels).tolist():
        names[label] = printable(known.get(label, str(label)) if isinstance(label, int) else label)
        if not 0 < len(names[label]) <= MAX_LENGTH:
            raise DataError(f"a class has a name of 1 to {MAX_LENGTH} characters, not {quoted(names[label])}")
    return names


def _counted(
    labels: NDArray[np.generic], names: dict[int | str, str], classes: tuple[str, ...], role: str
) -> NDArray[np.uint8]:
    unknown = [name for name in names.values() if name not in classes]
    if unknown:
        raise DataError(f"the {role} images have the label {unknown[0]}, which no training image has")
    values, places = np.unique(labels, return_inverse=True)
    table = np.array([classes.index(names[value]) for value in values.tolist()], np.uint8)
    return np.asarray(table[places.reshape(-1)])


def _rank(label: int | str) -> tuple[int, int, str]:
    if isinstance(label, int):
        return 0, label, ""
    return (0, int(label), label) if label.isdecimal() and len(label) < MAX_LENGTH else (1, 0, label)
