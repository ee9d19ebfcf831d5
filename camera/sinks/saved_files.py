"""What recordings, snapshots and collected digits share: the free space that they leave, and names by the time."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from mnist_edge.errors import OutputError

# The free space that pictures and videos leave on a disk, in bytes: event files, logs and the system itself need it.
# Encoders do not always report that a write failed, so recordings end before the disk is full.
RESERVE_BYTES = 50_000_000
# A name in UTC, as the time of an event is: names sort by time, and none comes twice when the clocks are put back.
PATTERN = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z"


def check_free_space(folder: Path) -> None:
    """Make sure that a picture or video may be written into a folder.

    Raises:
        OutputError: The free space of its disk is down to the reserve, or the folder is not there.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from None
    if free < RESERVE_BYTES:
        raise OutputError(f"the disk of {folder} is full, {free / 1e6:.0f} MB are left; make room, then try again")


def has_free_space(folder: Path) -> bool:
    """Return whether `check_free_space` lets a picture or video be written."""
    try:
        check_free_space(folder)
    except OutputError:
        return False
    return True


def unused_timestamp(is_used: Callable[[str], bool]) -> str:
    """Return the time, such as `2026-11-21T18-04-59.123Z`, or the first after it that names no file yet."""
    moment = datetime.now(timezone.utc)
    while is_used(name := f"{moment:%Y-%m-%dT%H-%M-%S}.{moment.microsecond // 1000:03d}Z"):
        moment += timedelta(milliseconds=1)
    return name
