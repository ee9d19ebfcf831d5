"""Counts that are kept as soon as they are there, so that a run that was broken off goes on where it was."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.pi.counting import GUEST, SOURCE

HERE = ("parts.py", "pages.py", "systems.py", "userland.py")


class Kept:
    """A file of counts, which are of one code and one set of versions: those of others are dropped."""

    def __init__(self, path: Path, identity: str) -> None:
        """Take what the file has.

        Args:
            path: The file; need not be there.
            identity: Of what is counted, from `identity_of`.
        """
        self._path = path
        found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        self._document: dict[str, Any] = (
            found if found.get("identity") == identity else {"identity": identity, "counts": {}}
        )

    def get(self, key: str, count: Callable[[], dict[str, int]]) -> dict[str, int]:
        """Return the counts that are kept under a key, or count them and keep them."""
        counts: dict[str, dict[str, int]] = self._document["counts"]
        if key not in counts:
            counts[key] = count()
            write_text(self._path, json.dumps(self._document, indent=1) + "\n")
        return counts[key]


def identity_of(wheel: Path, versions: Mapping[str, Any]) -> str:
    """Return what is the same for the same code, of ours and of this tool, and the same versions of what it needs."""
    found = sha256(json.dumps(versions, sort_keys=True).encode())
    with ZipFile(wheel) as archive:
        found.update(json.dumps(sorted((one.filename, one.CRC) for one in archive.infolist())).encode())
    for path in (GUEST, SOURCE, *(GUEST.with_name(name) for name in HERE)):
        found.update(path.read_bytes())
    return found.hexdigest()
