"""Parquet as Hugging Face writes it: a column of encoded pictures, and one of labels."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError, MnistEdgeError
from mnist_edge.formats.names import grouped, listed
from mnist_edge.formats.pictures import decode, require_pillow
from mnist_edge.formats.raw import Candidate, Part, RawData
from mnist_edge.optional_packages import require
from mnist_edge.progress import Progress
from mnist_edge.untrusted import errors_as

SUFFIX = ".parquet"
# Rows that are in memory at a time.
ROWS = 256
LABELS = ("label", "labels", "class", "target", "digit", "character")
ADVICE = "copy it again"


@dataclass(frozen=True, slots=True)
class ParquetPictures:
    """The pictures of one part, in one file or several.

    Attributes:
        paths: In order.
        column: Of pictures.
        count: Rows of all files.
    """

    paths: tuple[Path, ...]
    column: str
    count: int

    def __len__(self) -> int:
        return self.count

    def each(self, step: int = 1) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """As `Pictures` has it."""
        row = 0
        for path in self.paths:
            for picture in _values(path, self.column):
                name = f"row {row} of {path}"
                if row % step == 0:
                    yield name, decode(_bytes(picture, name), name)
                row += 1


def find(folder: Path, names: Iterable[str]) -> list[Candidate]:
    """Find the data sets among the names of a folder's files."""
    found = []
    for parts in grouped(folder / name for name in names if name.lower().endswith(SUFFIX)).values():
        files = tuple(path for part in parts.values() for path in part)
        found.append(Candidate(listed(path.name for path in files), files, partial(_read, parts)))
    return found


def _read(files: Mapping[str, list[Path]], progress: Progress) -> RawData:
    _package()
    require_pillow()
    parts: dict[str, Part] = {}
    names: dict[int, str] = {}
    for role, paths in files.items():
        pictures, label = _columns(paths[0])
        labels = [value for path in paths for value in _values(path, label)]
        if not labels:
            raise DataError(f"{paths[0]} has no rows")
        if None in labels:
            raise DataError(f"{paths[0]} has rows without a label; take them out")
        parts[role] = Part(ParquetPictures(tuple(paths), pictures, len(labels)), np.array(labels))
        names |= _class_names(paths[0], label)
    return RawData(parts, names)


def _package() -> Any:
    require("pyarrow", extra="parquet")
    return require("pyarrow.parquet", extra="parquet")


def _columns(path: Path) -> tuple[str, str]:
    """The names of the columns of pictures and of labels."""
    types = require("pyarrow.types", extra="parquet")
    with errors_as(DataError, str(path), ADVICE):
        schema = _package().read_schema(path)
        pictures = [
            one.name
            for one in schema
            if types.is_struct(one.type) and "bytes" in [one.type.field(i).name for i in range(one.type.num_fields)]
        ]
        numbers = [one.name for one in schema if types.is_integer(one.type) or types.is_string(one.type)]
    labels = [name for name in LABELS if name in numbers] or [name for name in numbers if len(numbers) == 1]
    if len(pictures) != 1 or not labels:
        raise DataError(
            f"{path} has the columns {listed(schema.names)}; it needs `label` and one of pictures with their `bytes`"
        )
    return pictures[0], labels[0]


def _values(path: Path, column: str) -> Iterator[Any]:
    try:
        with _package().ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS, columns=[column]):
                yield from batch.column(0).to_pylist()
    except MnistEdgeError:
        raise
    # pyarrow raises errors of its own, OSError and others.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is damaged ({reason[:200]}); {ADVICE}") from None


def _bytes(picture: Any, name: str) -> bytes:
    content = picture.get("bytes") if isinstance(picture, dict) else None
    if not isinstance(content, bytes):
        raise DataError(f"{name} has no picture in it, only its path at most; the file must hold the pictures")
    return content


def _class_names(path: Path, label: str) -> dict[int, str]:
    """What the labels mean, of the notes that Hugging Face leaves in the file; empty where there are none."""
    try:
        features = json.loads(_package().read_schema(path).metadata[b"huggingface"])["info"]["features"]
        return dict(enumerate(map(str, features[label]["names"])))
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
