"""Results behind an address: their rows gather in a file on this machine, which goes there whole when all is read."""

import shutil
from hashlib import blake2b
from pathlib import Path

from mnist_edge.atomic_files import write_atomically, write_text
from mnist_edge.camera.archive.parquet import journal_of
from mnist_edge.camera.archive.storage import open_storage, storage_errors
from mnist_edge.camera.images import CHUNK
from mnist_edge.errors import OutputError
from mnist_edge.progress import Progress, no_progress
from mnist_edge.user_folders import user_folder

# Beside the gathering file: the state in which the file behind the address was when the rows began to gather.
STATE = "state"
# In place of a state: none, and the file is just being written.
NONE, WRITING = "none", "writing"


def begin_results(address: str, resume: bool, force: bool) -> Path:
    """Return the file on this machine that the rows for an address are to gather in.

    To go on with what is behind the address, it is fetched; what an earlier run has gathered goes before it.

    Args:
        address: Where the results are to be.
        resume: Go on with what is there.
        force: Replace what is there.

    Raises:
        OutputError: There is something, and neither was asked for; another run has written it since the rows began to
            gather; or the storage cannot be asked.
        PackageMissing: As for `storage.exists`.
    """
    path = _gathering(address)
    state, now = path.with_name(STATE), _state(address)
    if path.exists() or journal_of(path).exists():
        if not resume and not force:
            raise OutputError(
                f"{address} was begun, its rows are in {path}; go on with it by --resume, or replace it by --force"
            )
        if resume and state.read_text() not in (now, WRITING):
            raise OutputError(
                f"{address} was written by another run since; name another file, or replace it by --force"
            )
    elif now != NONE and not resume and not force:
        raise OutputError(f"{address} exists already; go on with it by --resume, or replace it by --force")
    elif now != NONE and resume:
        system, place = open_storage(address)
        with storage_errors(address, "read", OutputError):
            write_atomically(path, lambda copy: system.get_file(place, str(copy)))
    write_text(state, now)
    return path


def finish_results(address: str, progress: Progress = no_progress) -> None:
    """Put the file that has gathered the rows behind its address, whole or not at all, and take it away here.

    Args:
        address: As for `begin_results`.
        progress: Receives the bytes that are written.

    Raises:
        OutputError: Another run has written it meanwhile, or it cannot be written; the rows stay here.
    """
    path = _gathering(address)
    state = path.with_name(STATE)
    if path.exists():
        if state.read_text() != _state(address):
            raise OutputError(f"{address} was written by another run meanwhile; what was read is in {path}")
        write_text(state, WRITING)
        _put(path, address, progress)
    shutil.rmtree(path.parent)


def _put(path: Path, address: str, progress: Progress) -> None:
    system, place = open_storage(address)
    size, done = path.stat().st_size, 0
    with storage_errors(address, "written", OutputError):
        if "file" in system.protocol:
            system.makedirs(place.rpartition("/")[0], exist_ok=True)
        # Whoever reads meanwhile sees what was there before.
        with system.transaction, path.open("rb") as here, system.open(place, "wb") as there:
            while piece := here.read(CHUNK):
                there.write(piece)
                done += len(piece)
                progress(done, size, f"{done / 1e6:,.1f} MB")


def _gathering(address: str) -> Path:
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        raise OutputError("rows gather in the user's folder, and there is none; name one with XDG_STATE_HOME")
    place = blake2b(address.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return folder / "mnist-edge" / "results" / place / address.rpartition("/")[2]


def _state(address: str) -> str:
    """Return what changes whenever the file behind an address does."""
    system, place = open_storage(address)
    with storage_errors(address, "read", OutputError):
        return str(system.ukey(place)) if system.exists(place) else NONE
