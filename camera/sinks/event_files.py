"""Events written to a file or to standard output, line by line, in files of limited size."""

import csv
import io
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from itertools import pairwise
from pathlib import Path

from mnist_edge.camera.events import Happening, JsonLines, RowSink
from mnist_edge.camera.rows import Row
from mnist_edge.camera.sinks.streams import DescriptorStream, standard_output
from mnist_edge.errors import OutputError
from mnist_edge.safe_text import printable

STDOUT = "-"
MB = 1_000_000
COLUMNS = (
    *("time", "frame", "event", "track", "label", "text", "seconds", "source"),
    *("confidence", "x", "y", "width", "height"),
)
# The last column, where the model tells other classes than the ten digits.
NAME = "name"
# How far back to look for the beginning of a line that was cut short, in bytes; an event has a few hundred.
LONGEST_LINE = 65536

logger = logging.getLogger(__name__)


def open_events(target: str, *, max_mb: float, files: int, named: bool = False) -> RowSink:
    """Open the sink that a user names; writing to it may have to wait.

    Args:
        target: `-` for JSON Lines on standard output; a named pipe or a device gets the same. Anything else is a file,
            see `EventFile`.
        max_mb: See `EventFile`.
        files: See `EventFile`.
        named: See `EventFile`.

    Raises:
        OutputError: The file cannot be opened.
    """
    path = Path(target)
    if target == STDOUT:
        return JsonLines(standard_output())
    if path.exists() and not path.is_file() and not path.is_dir():
        return JsonLines(DescriptorStream(path))
    return EventFile(path, max_mb=max_mb, files=files, named=named)


class EventFile:
    """Appends events to a file, each as a whole line that readers have at once.

    When the file would grow too large it becomes FILE.1, the file of that name FILE.2 and so on, and a new one begins.
    Each line opens the file anew, so that it may be moved away, deleted or mounted again at any time. Events that
    cannot be written are dropped, which is logged once, and once more when writing works again.
    """

    def __init__(self, path: Path, *, max_mb: float, files: int, named: bool = False) -> None:
        """Create the file, and its folder.

        Args:
            path: CSV if it ends in `.csv`, else JSON Lines.
            max_mb: The size of a file, in millions of bytes; a longer line gets its own file.
            files: How many full files to keep; the oldest are deleted.
            named: Whether CSV gets a column for the names of classes.

        Raises:
            OutputError: The file cannot be opened.
        """
        # A link stays where it is; what it leads to is moved.
        self._path = Path(os.path.realpath(path))
        self._limit = max_mb * MB
        self._files = files
        self._as_csv = path.suffix.lower() == ".csv"
        self._named = named
        self._header = _csv_line((*COLUMNS, NAME) if named else COLUMNS) if self._as_csv else b""
        self._dropped = 0
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.open("ab").close()
        except OSError as error:
            raise OutputError(
                f"events cannot be written to {path}: {error.strerror}; choose another file for --events"
            ) from error
        self._try(b"")

    def write(self, events: Sequence[Happening]) -> None:
        """Write each event on a line."""
        for event in events:
            line = _csv_line(_row(event, self._named)) if self._as_csv else (event.to_line() + "\n").encode()
            if not self._try(line):
                self._dropped += 1

    def _try(self, line: bytes) -> bool:
        try:
            self._append(line)
        except OSError as error:
            if not self._dropped:
                logger.warning("events cannot be written to %s (%s); they are dropped", self._path, error.strerror)
            return False
        if self._dropped:
            logger.info("events are written to %s again; %d were dropped", self._path, self._dropped)
            self._dropped = 0
        return True

    def _append(self, line: bytes) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size > len(self._header) and size + len(line) > self._limit:
            self._rotate()
        append_line(self._path, line, header=self._header, as_csv=self._as_csv)

    def _rotate(self) -> None:
        """Rename each file, the oldest first, so that nothing is overwritten that could not be renamed."""
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, self._files + 1))]
        names[-1].unlink(missing_ok=True)
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)


def append_line(path: Path, line: bytes, *, header: bytes = b"", as_csv: bool = False) -> None:
    """Append a line to a file, or nothing where that fails.

    A line before it that was cut short, by a power cut or a kill, is ended first.

    Args:
        path: The file; it is created where there is none.
        line: The line, with its end.
        header: What a file without content begins with.
        as_csv: Whether a quote that a line leaves open would swallow the next.

    Raises:
        OSError: It cannot be written.
    """
    # Without a buffer, so that a line is written in one piece.
    with path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        data = (_end_of_cut_line(file, as_csv) if size else header) + line
        try:
            while data:
                data = data[file.write(data) :]
        except OSError:
            with suppress(OSError):
                file.truncate(size)
            raise


def _end_of_cut_line(file: FileIO, as_csv: bool) -> bytes:
    file.seek(-1, os.SEEK_END)
    if file.read(1) == b"\n":
        return b""
    file.seek(-min(LONGEST_LINE, file.tell()), os.SEEK_END)
    line = file.read().rpartition(b"\n")[2]
    return b'"\n' if as_csv and line.count(b'"') % 2 else b"\n"


def _row(event: Happening, named: bool) -> list[object]:
    text, seconds = " / ".join(event.text), round(event.seconds, 3)
    if isinstance(event, Row):
        return [event.time, event.frame, event.event, "", event.name, text, seconds, event.source, *[""] * (5 + named)]
    digit = event.digit
    row = [event.time, event.frame, event.event, digit.track, digit.label, text, seconds, event.source]
    return [*row, round(digit.confidence, 4), *digit.box, *([digit.name or ""] if named else [])]


def _csv_line(row: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([printable(one) if isinstance(one, str) else one for one in row])
    return line.getvalue().encode()
