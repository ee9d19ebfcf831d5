"""What the names of files and folders tell: which part of which data set they hold."""

import re
from collections.abc import Iterable
from pathlib import Path

from mnist_edge.formats.raw import TEST, TRAINING, VALIDATION

ROLES = {
    "train": TRAINING, "training": TRAINING,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION,
    "test": TEST, "testing": TEST, "t10k": TEST,
}  # fmt: skip
# Of a Parquet file in pieces, such as train-00000-of-00002.
_PIECE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?$")


def split_name(stem: str) -> tuple[str, str | None]:
    """Split a name into the data set's and the part that it holds: `mnist_train` is `mnist` and `training`."""
    words = [word for word in re.split(r"[^a-z0-9]+", _PIECE.sub("", stem.lower())) if word]
    roles = [ROLES[word] for word in words if word in ROLES]
    return "-".join(word for word in words if word not in ROLES), roles[-1] if roles else None


def grouped(paths: Iterable[Path]) -> dict[str, dict[str, list[Path]]]:
    """Group files by data set and part, each in the order of names; what names no part is for training."""
    groups: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(paths, key=lambda path: path.name):
        name, role = split_name(path.name.partition(".")[0])
        groups.setdefault(name, {}).setdefault(role or TRAINING, []).append(path)
    return groups


def listed(names: Iterable[object], most: int = 4) -> str:
    """Write names for a message: `a, b, c, d and 9 more`."""
    every = [str(one) for one in names]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
