"""The rows of one picture or video, whichever process reads it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mnist_edge.errors import MnistEdgeError
from mnist_edge.safe_text import to_json

# The documents of the file with this path, one of a picture, and None now and then while there is none, as a sign of
# life; raises `ImageError` or `SourceError` where it cannot be read, or not to its end.
Read = Callable[[str], Iterable[dict[str, Any] | None]]
# Called in each process, which imports it by its name: gives the name of the model, and what reads.
Open = Callable[[], tuple[str, Read]]

# So often at most a process says that it is still at work, and so often it is looked whether one hangs.
TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one picture or video.

    Attributes:
        lines: Lines of JSON with their ends: the documents of the readings, and at last `source` and `error` where it
            could not be read to its end.
        failed: Whether it could not.
        count: How many lines there are.
    """

    lines: bytes
    failed: bool
    count: int = 1


def failure(source: str, error: str) -> Row:
    """Return the row of a file that cannot be read."""
    return Row(to_json({"source": source, "error": error}).encode() + b"\n", failed=True)


def read_row(read: Read, source: str, alive: Callable[[], object]) -> Row:
    """Read one file; whatever goes wrong is told in its row.

    Args:
        read: What reads it.
        source: Its path.
        alive: Called now and then while that takes long.
    """
    lines: list[bytes] = []
    told = time.monotonic()
    try:
        for document in read(source):
            if document is not None:
                lines.append(to_json(document).encode() + b"\n")
            if time.monotonic() - told > TICK_SECONDS:
                alive()
                told = time.monotonic()
    except MnistEdgeError as error:
        reason = str(error)
    except Exception as error:
        # One picture in a million must not end the reading of the others.
        reason = f"{source} cannot be read: {type(error).__name__}: {error}"
    else:
        return Row(b"".join(lines), False, len(lines))
    return Row(b"".join(lines) + failure(source, reason).lines, True, len(lines) + 1)
