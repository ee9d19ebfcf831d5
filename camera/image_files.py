"""Which image files are read, and which files the annotated images go to.

`page.jpg` is annotated in `page.annotated.png`. Its PNG text chunk `mnist-edge` holds the kind of the drawing and a
hash of the path of `page.jpg`: annotating the same image again replaces the file, and any other file needs `--force`.
"""

import glob
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.camera.image_header import PNG
from mnist_edge.camera.images import STDIN, encode_image
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.sha256 import sha256

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".jp2", ".avif", ".gif"}

Kind = Literal["annotated", "explained"]
DRAWN = (".annotated.png", ".explained.png")
# A text chunk of PNG: its length, its kind with our keyword, the mark, its checksum. It comes after the signature and
# the chunk IHDR, which has 25 bytes.
CHUNK = b"tEXtmnist-edge\0"
CHUNK_AT = len(PNG) + 25
HASH_DIGITS = 32


def find_images(
    arguments: Iterable[str], recursive: bool = False, counts: Callable[[str], bool] | None = None
) -> Iterator[str]:
    """Yield the image files that the files, folders, globs and `-` of a command line name, in order.

    `counts` is as for `images_at`.

    Raises:
        ImageError: A file or folder is not there, or a folder or glob holds no image.
    """
    for argument in arguments:
        try:
            found = [argument] if argument == STDIN else [*map(str, images_at(Path(argument), recursive, counts))]
        except OSError as error:
            raise ImageError(f"{argument} cannot be read: {error.strerror}") from None
        if not found:
            raise ImageError(f"{argument}: {_lacking(Path(argument), recursive)}")
        yield from found


def images_at(path: Path, recursive: bool = False, counts: Callable[[str], bool] | None = None) -> list[Path]:
    """List the images that a file, a folder or a glob names, sorted by name.

    Of a folder these are the files with an image's suffix, without hidden ones and annotated copies. A glob's `**` goes
    into folders, and a file that a glob or the user names may have any suffix. `recursive` looks into a folder's
    folders too, except hidden ones and links. `counts` says of a name whether it counts in a folder, if other than
    pictures are to be listed.
    """
    counts = counts or has_picture_name
    if path.is_file():
        return [path]
    if not path.is_dir():
        matching = (Path(name) for name in glob.glob(str(path), recursive=True))
        return sorted(file for file in matching if file.is_file())
    if not recursive:
        return sorted(file for file in path.iterdir() if counts(file.name) and file.is_file())
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [file for name in names if counts(name) and (file := Path(folder, name)).is_file()]
    return sorted(found)


def has_picture_name(name: str) -> bool:
    """Whether a file of this name counts as a picture of its folder."""
    # Files are written under hidden names until they are whole.
    if name.startswith(".") or name.endswith(DRAWN):
        return False
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _lacking(path: Path, recursive: bool) -> str:
    if path.is_dir():
        what = "folder with no picture in it" + ("" if recursive else " (--recursive looks into its folders too)")
    else:
        what = "neither a file nor a folder" if path.exists() else "no such file"
    return f"{what}; give picture files, folders, globs or - for standard input"


def plan_drawn(sources: Sequence[str], folder: Path, kind: Kind, force: bool = False) -> list[Path]:
    """Choose the file for the drawing of each image, before any is read, so that no reading is lost.

    The same image gets the same file again. Where the drawing of another image has the name, of this run or an earlier
    one, a number follows: `page-2.annotated.png`. `force` lets files be replaced that this program did not draw.

    Raises:
        OutputError: The folder is a file, or a file of that name was not drawn by this program.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is no folder; name one to draw the pictures into")
    planned: dict[Path, bytes] = {}
    return [_plan(source, folder, kind, force, planned) for source in sources]


def _plan(source: str, folder: Path, kind: Kind, force: bool, planned: dict[Path, bytes]) -> Path:
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
    """Write a drawing of the image `source` atomically, with its mark, to a path of `plan_drawn`."""
    encoded, chunk = encode_image(path, image), CHUNK + _mark(source, kind)
    # The length leaves out the chunk's type of 4 bytes.
    chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    write_bytes(path, encoded[:CHUNK_AT] + chunk + encoded[CHUNK_AT:])


def _mark(source: str, kind: Kind) -> bytes:
    """The content of the text chunk; a hash, as a path says more than people want to share with an image."""
    whole = STDIN if source == STDIN else os.path.realpath(source)
    return f"{kind} {sha256(os.fsencode(whole))[:HASH_DIGITS]}".encode()


def _read_mark(path: Path) -> bytes | None:
    """The mark of a file; None where it has none or is not there."""
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK_AT + 4 + len(CHUNK) + len("annotated ") + HASH_DIGITS)
    except FileNotFoundError:
        return None
    chunk = head[CHUNK_AT + 4 :]
    return chunk[len(CHUNK) :] if head.startswith(PNG) and chunk.startswith(CHUNK) else None
