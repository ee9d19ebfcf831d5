"""Writing results whole: a file is either complete or not there, and never replaces another unasked."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mnist_edge.errors import OutputError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it to `path`.

    Args:
        path: Where the result goes; its folder is created.
        write: Called with the temporary path, which has the suffix of `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        # mkstemp makes private files; a result gets the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, content.encode())


def refuse_overwrite(path: Path, force: bool) -> None:
    """Raise `OutputError` where `path` exists already and `force` is not set."""
    if path.exists() and not force:
        raise OutputError(f"{path} exists already; choose another name, or add --force to replace it")
