"""Pictures that are drawn of others: their names, and how one is known again.

A picture `page.jpg` is drawn as `page.annotated.png`. The file says in a text chunk of PNG, `mnist-edge`, what it is
and of which picture, so that drawing the same one again replaces it, and nothing else is replaced without `--force`.
"""

import os
import struct
import zlib
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.camera.image_files import STDIN
from mnist_edge.camera.images import PNG, encode_image
from mnist_edge.errors import OutputError

Kind = Literal["annotated", "explained"]
KEYWORD = b"mnist-edge"
# A PNG begins with its signature and the chunk IHDR of 25 bytes; the mark comes right after.
HEADER = len(PNG) + 25


def plan_drawn(sources: Sequence[str], folder: Path, kind: Kind, force: bool = False) -> list[Path]:
    """Where what is drawn of each picture goes; decided before anything is read, so that no reading is lost.

    Where the name is taken by what was drawn of another picture, of this run or an earlier one, a number follows the
    name: `page-2.annotated.png`. The same picture gets the same file again.

    Args:
        sources: Paths, or `-` for standard input.
        folder: Need not be there yet.
        kind: Part of the name.
        force: Whether files that were not drawn by this program may be replaced.

    Raises:
        OutputError: The folder is a file, or a file of that name was not drawn by this program.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is no folder; name one to draw the pictures into")
    planned: dict[Path, bytes] = {}
    return [_target(source, folder, kind, force, planned) for source in sources]


def _target(source: str, folder: Path, kind: Kind, force: bool, planned: dict[Path, bytes]) -> Path:
    stem, mark = ("stdin" if source == STDIN else Path(source).stem), _mark(source, kind)
    for number in count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}.{kind}.png"
        owner = planned.get(path) or _read_mark(path)
        if owner is None:
            refuse_overwrite(path, force)
        if owner in (None, mark):
            break
    planned[path] = mark
    return path


def write_drawn(path: Path, image: NDArray[np.uint8], source: str, kind: Kind) -> None:
    """Write what was drawn of a picture, whole, with its mark.

    Args:
        path: From `plan_drawn`.
        image: Shape (height, width, 3), BGR.
        source: Of which picture.
        kind: As for `plan_drawn`.
    """
    encoded, content = encode_image(path, image), b"tEXt" + KEYWORD + b"\0" + _mark(source, kind)
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    write_bytes(path, encoded[:HEADER] + chunk + encoded[HEADER:])


def _mark(source: str, kind: Kind) -> bytes:
    """What it is, and of what: a hash, since paths tell more than people want to share with a picture."""
    whole = STDIN if source == STDIN else os.path.realpath(source)
    return f"{kind} {sha256(os.fsencode(whole)).hexdigest()[:32]}".encode()


def _read_mark(path: Path) -> bytes | None:
    """The mark of a file; None where it has none or is not there."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADER + 8 + len(KEYWORD) + 1 + 64)
    except FileNotFoundError:
        return None
    if not start.startswith(PNG) or start[HEADER + 4 : HEADER + 9 + len(KEYWORD)] != b"tEXt" + KEYWORD + b"\0":
        return None
    (length,) = struct.unpack_from(">I", start, HEADER)
    return start[HEADER + 9 + len(KEYWORD) : HEADER + 8 + length]
