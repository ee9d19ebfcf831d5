"""A folder of folders of pictures, one for each class, with or without `train`, `val` and `test` above them."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from mnist_edge.errors import DataError
from mnist_edge.formats.names import ROLES, listed
from mnist_edge.formats.pictures import SUFFIXES, PictureFiles, require_pillow
from mnist_edge.formats.raw import TRAINING, Candidate, Part, RawData
from mnist_edge.progress import Progress

Classes = Mapping[str, tuple[Path, ...]]


def find(folder: Path, least: int = 1) -> list[Candidate]:
    """Find folders of pictures in a folder; an empty list where it has none.

    Args:
        folder: Where to look.
        least: Fewer folders with pictures are none of data: beside other data a run may lie, with its plots.
    """
    parts: dict[str, Classes] = {}
    for name, inner in _folders(folder).items():
        role = ROLES.get(name.lower())
        if role and any((classes := _classes(inner)).values()):
            if role in parts:
                raise DataError(f"{folder} has two folders for {role}; leave one")
            parts[role] = classes
    if not parts and sum(map(bool, (classes := _classes(folder)).values())) >= least:
        parts[TRAINING] = classes
    if not parts:
        return []
    return [Candidate(f"pictures in {listed(_folders(folder))}", (), partial(_read, folder, parts))]


def _folders(folder: Path) -> dict[str, Path]:
    with os.scandir(folder) as entries:
        # Hidden ones, and those that archives of macOS bring, hold no pictures of the user's.
        found = {one.name: Path(one.path) for one in entries if one.is_dir() and one.name[0] not in "._"}
    return dict(sorted(found.items()))


def _classes(folder: Path) -> Classes:
    return {name: _pictures(inner) for name, inner in _folders(folder).items()}


def _pictures(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder in the order of their names, which does not depend on the disk."""
    with os.scandir(folder) as entries:
        names = sorted(
            one.name for one in entries if one.name[0] != "." and os.path.splitext(one.name)[1].lower() in SUFFIXES
        )
    return tuple(folder / name for name in names)


def _read(folder: Path, parts: Mapping[str, Classes], progress: Progress) -> RawData:
    require_pillow()
    for classes in parts.values():
        empty = [name for name, pictures in classes.items() if not pictures]
        if empty:
            raise DataError(f"{folder} has folders without a picture: {listed(empty)}; fill them, or take them out")
    return RawData({role: _part(classes) for role, classes in parts.items()})


def _part(classes: Classes) -> Part:
    labels = [name for name, pictures in classes.items() for _ in pictures]
    paths = tuple(path for pictures in classes.values() for path in pictures)
    return Part(PictureFiles(paths), np.array(labels))
