"""Find the one data set that a folder or a file holds, whatever its form."""

import os
from collections.abc import Callable
from pathlib import Path

from mnist_edge.errors import DataError
from mnist_edge.formats import folders, idx_files, npz, parquet, tables
from mnist_edge.formats.names import listed
from mnist_edge.formats.raw import Candidate, RawData
from mnist_edge.progress import Progress, no_progress

_BY_FILE_NAMES = (idx_files.find, npz.find, tables.find, parquet.find)
FORMS = (
    "IDX files as MNIST's, EMNIST's or QMNIST's; .npz; CSV with a label and pixels; Parquet; "
    "or a folder of pictures for each class"
)


def read(path: Path, progress: Progress = no_progress) -> RawData:
    """Read the data set in a folder, or the one that a file belongs to.

    Args:
        path: A folder with one data set; or a file, with those beside it that belong to the same one.
        progress: Receives what is read.

    Raises:
        DataError: There is none or more than one, or a file of it is missing or damaged.
        PackageMissing: What reads this form is not installed.
    """
    if not path.exists():
        raise DataError(f"there is no folder {path}; check --data and MNIST_EDGE_DATA")
    candidates = _candidates(path) if path.is_dir() else _candidates_with(path)
    if not candidates:
        raise DataError(f"{path} holds no data set{_hint(path)}; what is read is {FORMS}")
    if len(candidates) > 1:
        raise DataError(
            f"{path} holds {len(candidates)} data sets ({'; '.join(one.name for one in candidates[:6])}); "
            "name a file of one with --data, or leave one there"
        )
    return candidates[0].read(progress)


def _candidates(folder: Path) -> list[Candidate]:
    with os.scandir(folder) as entries:
        names = [one.name for one in entries if not one.name.startswith(".") and one.is_file()]
    found = [one for find in _BY_FILE_NAMES for one in find(folder, names)]
    return found + folders.find(folder, least=2 if found else 1)


def _candidates_with(path: Path) -> list[Candidate]:
    """The data set of a file; others in its folder do not matter."""
    names = [one.name for one in path.parent.iterdir() if one.is_file()]
    return [one for find in _BY_FILE_NAMES for one in find(path.parent, names) if path in one.files]


def _hint(path: Path) -> str:
    """Name the folders below that hold one, as the archives of data sets have them."""
    if not path.is_dir():
        return ""
    below = [inner for inner in sorted(path.iterdir()) if inner.is_dir() and not inner.name.startswith(".")][:20]
    below += [inner for outer in below for inner in sorted(outer.iterdir()) if inner.is_dir()][:20]
    found = [inner for inner in below if _holds_one(inner)]
    return f", but {listed(found)} does" if found else ""


def _holds_one(folder: Path, find: Callable[[Path], list[Candidate]] = _candidates) -> bool:
    try:
        return bool(find(folder))
    except (DataError, OSError):
        return False
