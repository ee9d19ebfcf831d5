"""Still pictures as a source: one, a folder of them, or those that a glob finds."""

import glob
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mnist_edge.camera.frames import Frame, SourceInfo
from mnist_edge.camera.images import SUFFIXES, read_image
from mnist_edge.errors import SourceError


class PictureSource:
    """Still pictures, each a page of its own.

    Attributes:
        info: See `Source`; in a recording one picture lasts a second.
        paths: The files, in their order.
        dropped: Always 0.
        away: Always empty.
    """

    dropped = 0
    away = ""

    def __init__(self, name: str, paths: list[Path]) -> None:
        """Keep what to read."""
        self.info = SourceInfo(name, still=True, rate=1.0)
        self.paths = paths

    def __enter__(self) -> "PictureSource":
        """See that the first can be read; raises `ImageError` if not."""
        height, width = read_image(str(self.paths[0])).shape[:2]
        self.info = replace(self.info, size=(width, height))
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __iter__(self) -> Iterator[Frame]:
        for number, path in enumerate(self.paths):
            yield Frame(read_image(str(path)), number, number / self.info.rate, str(path))


def pictures_in(folder: Path) -> list[Path]:
    """A folder's pictures by name.

    Raises:
        SourceError: There is none.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise SourceError(f"{folder} holds no picture; give a folder with PNG or JPEG files, a video or a camera")
    return found


def pictures_matching(pattern: str) -> list[Path]:
    """The files that a glob finds, by name; `**` goes into folders.

    Raises:
        SourceError: There is none.
    """
    found = sorted(path for path in map(Path, glob.glob(pattern, recursive=True)) if path.is_file())
    if not found:
        raise SourceError(f"no file matches {pattern}; check the folder and the suffix")
    return found
