"""Find the pictures and videos of folders one folder after another, however many there are."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_edge.camera.image_files import has_picture_name

# Whether a file of this name counts.
Counts = Callable[[str], bool]


class Found(NamedTuple):
    """A picture, or a folder that cannot be listed.

    Attributes:
        source: Its path, as the command line names it.
        error: Why a folder cannot be listed; None of a picture.
    """

    source: str
    error: str | None = None


def is_address(name: str) -> bool:
    """Whether a name is an address, not a path on this machine."""
    return "://" in name


def walk(place: Path, recursive: bool, counts: Counts = has_picture_name) -> Iterator[Found]:
    """Yield the pictures of a folder sorted by name, then those of its folders; a path that is no folder is a picture.

    What counts as one is told by its name, as for `images_at`, and it need not be there any more. Hidden names are
    passed over, and links to folders are not followed, so that no walk is endless. Only the names of one folder are in
    memory, and those of the folders that are still to be visited.
    """
    if not place.is_dir():
        yield Found(str(place))
        return
    waiting = [place]
    while waiting:
        folder = waiting.pop()
        try:
            pictures, folders = _list(folder, counts)
        except OSError as error:
            yield Found(str(folder), f"{folder} cannot be listed: {error.strerror}")
            continue
        yield from (Found(str(folder / name)) for name in pictures)
        if recursive:
            waiting += [folder / name for name in reversed(folders)]


def _list(folder: Path, counts: Counts) -> tuple[list[str], list[str]]:
    """List the names of a folder's pictures and of its folders, sorted."""
    pictures, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _leads_to_folder(entry):
                if not entry.is_symlink():
                    folders.append(entry.name)
            elif counts(entry.name):
                pictures.append(entry.name)
    return sorted(pictures), sorted(folders)


def _leads_to_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads to itself, say: whoever reads it will tell.
        return False


def walk_all(places: Sequence[Path | str], recursive: bool, counts: Counts = has_picture_name) -> Iterator[Found]:
    """Walk through one place after another, paths and addresses; of several, what comes twice is yielded once."""
    from mnist_edge.camera.archive.storage import walk_address

    seen: set[str] = set()
    for place in places:
        found = walk_address(place, recursive, counts) if isinstance(place, str) else walk(place, recursive, counts)
        for one in found:
            if one.source not in seen:
                yield one
            # The pictures of a single place are not remembered, as there may be any number, and none comes twice.
            if len(places) > 1:
                seen.add(one.source)
