"""Which picture files are meant."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mnist_edge.errors import ImageError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".jp2", ".avif", ".gif"}
STDIN = "-"
# What `read` draws of a picture `page.jpg` is named `page.annotated.png` and `page.explained.png`.
DRAWN = (".annotated.png", ".explained.png")


def find_images(arguments: Iterable[str], recursive: bool = False) -> Iterator[str]:
    """The picture files that files, folders, globs and `-` stand for, in order.

    Args:
        arguments: As given on the command line.
        recursive: Whether to look into the folders of folders.

    Raises:
        ImageError: A file or folder is not there, or a folder or glob holds no picture.
    """
    for argument in arguments:
        try:
            found = [argument] if argument == STDIN else _files(Path(argument), recursive)
        except OSError as error:
            raise ImageError(f"{argument} cannot be read: {error.strerror}") from None
        if not found:
            raise ImageError(f"{argument}: {_lacking(Path(argument), recursive)}")
        yield from found


def images_in(folder: Path, recursive: bool = False) -> list[Path]:
    """A folder's pictures by name; without hidden ones, and without what was drawn of others.

    Args:
        folder: Where to look.
        recursive: Whether to look into its folders too, except hidden ones and links.
    """
    if not recursive:
        return sorted(path for path in folder.iterdir() if _is_meant(path))
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [path for name in names if _is_meant(path := Path(place, name))]
    return sorted(found)


def _is_meant(path: Path) -> bool:
    """Whether a folder's file is a picture of its own. Files are written under hidden names until they are whole."""
    if path.name.startswith(".") or path.name.endswith(DRAWN):
        return False
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _files(path: Path, recursive: bool) -> list[str]:
    if path.is_file():
        return [str(path)]
    if path.is_dir():
        return [str(one) for one in images_in(path, recursive)]
    return sorted(p for p in glob.glob(str(path), recursive=True) if Path(p).is_file())


def _lacking(path: Path, recursive: bool) -> str:
    if path.is_dir():
        what = "folder with no picture in it" + ("" if recursive else " (--recursive looks into its folders too)")
    else:
        what = "neither a file nor a folder" if path.exists() else "no such file"
    return f"{what}; give picture files, folders, globs or - for standard input"
