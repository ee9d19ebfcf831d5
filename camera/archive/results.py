"""The file of results: whole lines only, written by one process at a time, and read again to go on with it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mnist_edge.errors import OutputError
from mnist_edge.locks import exclusive

# Of a path's hash, which stands for the path in memory. The last byte is none of the hash and never zero, since NumPy
# takes zeros at the end of bytes for padding; 15 bytes are more than any two of 10^15 paths share.
DIGEST_BYTES = 16
# Of the rows of a video: whether it is the last one. What a power cut left of them is not all, and goes.
LAST = "last"


class Sources:
    """The paths in a file of results, as 16 bytes each."""

    def __init__(self, digests: bytes = b"") -> None:
        """Sort what `digest` has made of them."""
        self._sorted = np.sort(np.frombuffer(digests, f"S{DIGEST_BYTES}"))

    def __contains__(self, source: str) -> bool:
        """Whether a path is among them."""
        wanted = np.frombuffer(digest(source), f"S{DIGEST_BYTES}")
        place = int(np.searchsorted(self._sorted, wanted)[0])
        return place < len(self._sorted) and bool(self._sorted[place] == wanted[0])

    def __len__(self) -> int:
        """How many there are."""
        return len(self._sorted)

    def joined(self, others: "Sources") -> "Sources":
        """Return these and others."""
        return Sources(self._sorted.tobytes() + others._sorted.tobytes())


def as_text(name: str) -> str:
    r"""Return a path as UTF-8 can hold it, with `\xe9` for a byte that it cannot."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def digest(source: str) -> bytes:
    """Return 16 bytes that stand for a path, also for what `as_text` makes of it."""
    return blake2b(as_text(source).encode(), digest_size=DIGEST_BYTES - 1).digest() + b"\1"


def existing(path: Path) -> OutputError:
    """Return the error of results that are there already, where nobody has asked to go on with them."""
    return OutputError(f"{path} exists already; go on with it by --resume, or replace it by --force")


class Results:
    """A file of results that is open, as `open_results` gives it.

    Attributes:
        path: The file.
        done: The paths that it has a row of.
        model: Name of the model that read them; None where there are none.
        replaces: A file that these results replace, which goes as they begin; None where there is none.
    """

    def __init__(self, path: Path, file: BinaryIO, anew: bool) -> None:
        """Read what the file has, unless it is to begin anew."""
        self.path, self._file = path, file
        self.replaces: Path | None = None
        self.done, self.model, self._size = (Sources(), None, 0) if anew else self._load()

    def begin(self) -> None:
        """Take away what shall not stay: all where it begins anew, else what a power cut left of a file's rows."""
        self._file.truncate(self._size)
        if self.replaces:
            self.replaces.unlink(missing_ok=True)
            self.replaces = None

    def _load(self) -> tuple[Sources, str | None, int]:
        """Return whose rows are all there, the model, and where the last of these rows ends."""
        digests, model, size, whole = bytearray(), None, 0, 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                row = json.loads(line)
                mark = digest(row["source"])
            except (ValueError, TypeError, KeyError, RecursionError):
                raise OutputError(
                    f"{self.path}, line {number}, is no result of `read`; name another file, or replace it with --force"
                ) from None
            model = model or row.get("model")
            size += len(line)
            if row.get(LAST, True):
                digests += mark
                whole = size
        return Sources(bytes(digests)), model, whole

    def clear(self) -> None:
        """Take all lines away."""
        self._size = 0
        self.begin()

    def append(self, lines: bytes) -> None:
        """Write the lines of one file; where that fails, such as on a full disk, nothing of them stays.

        Raises:
            OSError: It cannot be written; names the file.
        """
        try:
            written = 0
            while written < len(lines):
                written += os.pwrite(self._file.fileno(), lines[written:], self._size + written)
        except BaseException as error:
            os.ftruncate(self._file.fileno(), self._size)
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(self.path)) from None
            raise
        self._size += len(lines)


@contextmanager
def open_results(path: Path, resume: bool = False, force: bool = False) -> Iterator[Results]:
    """Open a file of results and lock it while the block runs; at the end all lines are on the disk.

    A file without a line is taken away again.

    Args:
        path: Its folder is created.
        resume: Go on with what the file has, if it is there.
        force: Begin anew, whatever the file has; it goes with `Results.begin`.

    Raises:
        OutputError: It has something, and neither was asked for; it is no regular file, or no file of results; or
            another process writes it.
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise OutputError(f"{path} is no file; name one that ends in .jsonl")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "rb+") as file, exclusive(path):
        if os.fstat(descriptor).st_size and not resume and not force:
            raise existing(path)
        try:
            yield Results(path, file, anew=force)
            os.fsync(descriptor)
        finally:
            if not os.fstat(descriptor).st_size:
                path.unlink(missing_ok=True)
