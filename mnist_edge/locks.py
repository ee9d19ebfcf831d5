"""Let one process at a time use a file or folder, by a lock that the system releases however the process ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_edge.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked.
    fcntl = None  # type: ignore[assignment]


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Lock a file or folder while the block runs.

    Pipes, devices, file systems without locks, and Windows are not locked.

    Raises:
        OutputError: Another process has locked it; names that process where the system does.
        OSError: It cannot be opened.
    """
    # Opening a pipe would wait for its writer.
    if fcntl is None or not (path.is_file() or path.is_dir()):
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = _holder(os.fstat(descriptor).st_ino)
        raise OutputError(f"{path} is being written by {who}; end that first, or name another place") from None
    # Some network file systems have no locks.
    except OSError:
        pass


def _holder(inode: int) -> str:
    """Find who has locked an inode in Linux's list, whose lines read `1: FLOCK ADVISORY WRITE 4711 08:02:131 0 EOF`."""
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if "FLOCK" in fields and fields[-3].endswith(f":{inode}") and int(fields[-4]) > 0:
                return f"process {fields[-4]}"
    return "another process"
