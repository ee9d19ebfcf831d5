"""CSV as Kaggle has it: a row is a picture, its label and its pixels, with a line of headings or without."""

import gzip
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.formats.class_names import known_names
from mnist_edge.formats.names import grouped
from mnist_edge.formats.raw import Candidate, Part, RawData, as_labels, as_pictures
from mnist_edge.idx import GZIP
from mnist_edge.progress import Progress
from mnist_edge.safe_text import quoted
from mnist_edge.untrusted import errors_as, unpacked_limit

SUFFIXES = (".csv", ".csv.gz")
LABEL_HEADINGS = {"label", "labels", "class", "target", "digit", "y"}
# The squares that are told from other tables by their number of columns.
MIN_SIDE, MAX_SIDE = 8, 256
# Of a line: 65,536 numbers with their commas.
MAX_LINE = 1 << 19
# Rows that are parsed at a time, some 10 MB of text.
ROWS = 4096


@dataclass(frozen=True, slots=True)
class Layout:
    """How a row is laid out.

    Attributes:
        columns: How many there are.
        label: Which of them is the label; None where there is none.
        headings: Whether the first line is headings.
    """

    columns: int
    label: int | None
    headings: bool


def find(folder: Path, names: Iterable[str]) -> list[Candidate]:
    """Find the data sets among the names of a folder's files; other tables, by their columns, are none."""
    paths = [folder / name for name in names if name.lower().endswith(SUFFIXES)]
    pictures = [path for path in paths if _layout(path)]
    found = []
    for name, parts in grouped(pictures).items():
        files = tuple(path for part in parts.values() for path in part)
        found.append(Candidate(", ".join(path.name for path in files), files, partial(_read, name, parts)))
    return found


def _read(name: str, files: dict[str, list[Path]], progress: Progress) -> RawData:
    parts: dict[str, Part] = {}
    notes = []
    # EMNIST's tables are transposed, as its IDX files are.
    turned = name.startswith("emnist")
    if turned:
        notes.append("EMNIST stores its images transposed: turned upright")
    for role, paths in files.items():
        if len(paths) > 1:
            raise DataError(f"{paths[0]} and {paths[1].name} are both for {role}; name one with --data")
        layout = _layout(paths[0])
        assert layout
        if layout.label is None:
            notes.append(f"{paths[0].name} has no labels and is left out")
            continue
        pixels, labels = _rows(paths[0], layout, layout.label, progress)
        stored = as_pictures(pixels, str(paths[0]))
        if turned:
            stored = as_pictures(stored.images.swapaxes(1, 2), stored.name)
        parts[role] = Part(stored, labels)
    if not parts:
        raise DataError(f"{paths[0]} has no labels; they are the first column, or one headed `label`")
    return RawData(parts, known_names(name, paths[0].parent), tuple(notes))


def _layout(path: Path) -> Layout | None:
    """Tell from the first line how a table of pictures is laid out; None for another table, or an unreadable one."""
    try:
        with _opened(path) as (lines, _):
            first = next(lines, "")
    except (OSError, DataError):
        return None
    cells = [cell.strip().strip('"').lower() for cell in first.removeprefix("\ufeff").split(",")]
    headings = not all(cell.lstrip("-").isdigit() for cell in cells)
    labels = [number for number, cell in enumerate(cells) if cell in LABEL_HEADINGS]
    if _is_square(len(cells)):
        return Layout(len(cells), None, headings)
    if not _is_square(len(cells) - 1) or (headings and len(labels) != 1):
        return None
    return Layout(len(cells), labels[0] if headings else 0, headings)


def _is_square(pixels: int) -> bool:
    side = round(max(pixels, 0) ** 0.5)
    return bool(side * side == pixels) and MIN_SIDE <= side <= MAX_SIDE


def _rows(path: Path, layout: Layout, label: int, progress: Progress) -> tuple[NDArray[np.uint8], NDArray[np.generic]]:
    """Read all rows, as pixels, shape (n, columns - 1), and labels."""
    pixels, labels, size, row = [], [], path.stat().st_size, 1 + layout.headings
    with _opened(path) as (lines, file):
        filled = (line for line in islice(lines, int(layout.headings), None) if line.strip())
        while piece := list(islice(filled, ROWS)):
            numbers = _parsed(piece, layout.columns, path, row)
            row += len(piece)
            labels.append(numbers[:, label].astype(np.int64))
            pixels.append(np.delete(numbers, label, axis=1).astype(np.uint8))
            progress(file.tell(), size, path.name)
    if not pixels:
        raise DataError(f"{path} has no rows")
    return np.concatenate(pixels), as_labels(np.concatenate(labels), str(path))


def _parsed(lines: list[str], columns: int, path: Path, row: int) -> NDArray[np.int16]:
    try:
        with warnings.catch_warnings():
            # Older ones of NumPy only deprecate fractions as whole numbers.
            warnings.simplefilter("error")
            numbers = np.loadtxt(lines, np.int16, comments=None, delimiter=",", quotechar='"', ndmin=2)
        if numbers.shape[1] == columns and numbers.min() >= 0 and numbers.max() <= 255:
            return numbers
    except (ValueError, OverflowError, DeprecationWarning):
        pass
    # Which row it is, is worth a second look at each.
    for number, line in enumerate(lines, row):
        cells = [cell.strip().strip('"') for cell in line.strip().split(",")]
        if len(cells) != columns:
            raise DataError(f"{path}, line {number}: {len(cells)} columns, where the first line has {columns}")
        for cell in cells:
            if not (cell.isascii() and cell.isdigit() and len(cell) < 10 and int(cell) <= 255):
                raise DataError(f"{path}, line {number}: {quoted(cell)} is no whole number from 0 to 255")
    raise DataError(f"{path}, lines {row} to {row + len(lines) - 1}, cannot be read")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Iterator[str], IO[bytes]]]:
    """Open a table, gzipped or not: its lines, and the file, whose position tells the progress."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        limit = unpacked_limit(path.stat().st_size) if packed else path.stat().st_size
        with errors_as(DataError, str(path), "copy it again"):
            yield _lines(gzip.GzipFile(fileobj=file) if packed else file, limit, path), file


def _lines(stream: IO[bytes] | gzip.GzipFile, limit: int, path: Path) -> Iterator[str]:
    while line := stream.readline(MAX_LINE + 1):
        limit -= len(line)
        if len(line) > MAX_LINE or limit < 0:
            raise DataError(f"{path} has a line of more than {MAX_LINE} bytes, or unpacks to too many")
        yield line.decode("utf-8", "replace")
