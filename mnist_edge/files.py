"""Writing results whole: a file is either complete or not there, and never replaces another unasked."""

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mnist_edge.errors import OutputError


def write_whole(path: Path, write: Callable[[Path], object], mode: int = 0o666) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it to `path`.

    The content is on the disk before the name is, so that this holds for a power cut as well. The file gets the
    permissions of any new file of this process, or fewer.

    Args:
        path: Where the result goes; its folder is created.
        write: Called with the temporary path, which has the suffix of `path`.
        mode: Permissions, of which the umask takes away as of those of any new file.

    Raises:
        OSError: It cannot be written; with the name of `path`, which the system leaves out when a disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.stem}-{secrets.token_hex(8)}{path.suffix}"
    try:
        # Fails where the folder cannot be written, before `write` has done its work.
        temporary.touch(mode, exist_ok=False)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise
        # Some libraries raise it without a number and put all they know into the text.
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # Some file systems have no such thing for folders, and Windows cannot open one.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write `content` to `path`, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_bytes(content), mode)


def write_text(path: Path, content: str, mode: int = 0o666) -> None:
    """Write `content` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, content.encode(), mode)


def refuse_overwrite(path: Path, force: bool) -> None:
    """Raise `OutputError` where `path` exists already and `force` is not set."""
    if path.exists() and not force:
        raise OutputError(f"{path} exists already; choose another name, or add --force to replace it")
