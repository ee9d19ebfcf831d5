"""Write files atomically: a file is either complete or absent, and never replaces another unasked."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from mnist_edge.errors import OutputError
from mnist_edge.locks import exclusive

# Prefix of the hidden folders that hold incomplete files.
UNFINISHED = ".mnist-edge-"
# A younger folder may not be locked yet by the process that made it.
SETTLED_SECONDS = 60.0


def write_atomically(path: Path, write: Callable[[Path], object], mode: int = 0o666) -> None:
    """Let `write` fill a file in a hidden temporary folder beside `path`, then move it to `path`.

    The content is synced to the disk before the file gets its name, so that a power cut leaves no half of it either.
    Temporary folders that killed processes left behind are removed.

    Args:
        path: Its folder is created.
        write: Called with the temporary path, whose file name is that of `path`.
        mode: Permissions before the umask.

    Raises:
        OSError: The file cannot be written; names `path`, which the system leaves out when a disk is full.
    """
    # Who only reads, as most starts do, needs none.
    from tempfile import TemporaryDirectory

    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    try:
        # Fails where the folder cannot be written, before `write` has done its work.
        with TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as place, exclusive(Path(place)):
            temporary = Path(place, path.name)
            temporary.touch(mode)
            write(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
    except OSError as error:
        if error.filename is not None and UNFINISHED not in str(error.filename):
            raise
        # Some libraries raise it with a text only.
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


@cache
def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind in a folder, once; a locked one belongs to a living process."""
    for left in folder.glob(f"{UNFINISHED}*"):
        # It may be gone by now, in use, or another user's.
        with suppress(OSError, OutputError):
            if time.time() - left.stat().st_mtime > SETTLED_SECONDS:
                with exclusive(left):
                    shutil.rmtree(left)


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync folders, and Windows cannot open them.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write bytes to a file atomically."""
    write_atomically(path, lambda temporary: temporary.write_bytes(content), mode)


def write_text(path: Path, content: str, mode: int = 0o666) -> None:
    """Write text to a file as UTF-8, atomically."""
    write_bytes(path, content.encode(), mode)


def refuse_overwrite(path: Path, force: bool) -> None:
    """Raise `OutputError` if `path` exists, even as a dangling link, and `force` is not set."""
    if os.path.lexists(path) and not force:
        raise OutputError(f"{path} exists already; choose another name, or add --force to replace it")
