"""The room that pictures and videos leave on a disk: lines of events, logs and the system itself live from the rest."""

import shutil
from pathlib import Path

from mnist_edge.errors import OutputError

# So much stays free. Encoders do not always say that a write failed, so they end before the disk is full.
RESERVE_BYTES = 50_000_000


def check_room(folder: Path) -> None:
    """Make sure that a picture or video may be written into a folder.

    Raises:
        OutputError: Its disk is full but for the reserve, or the folder is not there.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from None
    if free < RESERVE_BYTES:
        raise OutputError(f"the disk of {folder} is full, {free / 1e6:.0f} MB are left; make room, then try again")


def has_room(folder: Path) -> bool:
    """Whether `check_room` lets a picture or video be written."""
    try:
        check_room(folder)
    except OutputError:
        return False
    return True
