"""Still pictures: which files are meant, and their pixels."""

import glob
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge import quiet
from mnist_edge.camera.opencv import MAX_PIXELS, cv2
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.files import write_bytes

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".jp2", ".avif", ".gif"}
STDIN = "-"
# Transparency is taken out of so many rows at a time, since it takes memory many times theirs.
ROWS = 64


def find_images(arguments: Iterable[str]) -> Iterator[str]:
    """The picture files that files, folders, globs and `-` stand for, in order.

    Raises:
        ImageError: A file or folder is not there, or a folder or glob holds no picture.
    """
    for argument in arguments:
        try:
            found = [argument] if argument == STDIN else _files(Path(argument))
        except OSError as error:
            raise ImageError(f"{argument} cannot be read: {error.strerror}") from None
        if not found:
            raise ImageError(f"{argument}: {_lacking(Path(argument))}")
        yield from found


def _files(path: Path) -> list[str]:
    if path.is_file():
        return [str(path)]
    if path.is_dir():
        return [str(p) for p in sorted(path.iterdir()) if p.suffix.lower() in SUFFIXES and p.is_file()]
    return sorted(p for p in glob.glob(str(path), recursive=True) if Path(p).is_file())


def _lacking(path: Path) -> str:
    if path.is_dir():
        what = "folder with no picture in it"
    else:
        what = "neither a file nor a folder" if path.exists() else "no such file"
    return f"{what}; give picture files, folders, globs or - for standard input"


def read_image(source: str) -> NDArray[np.uint8]:
    """The pixels of one picture, turned as its EXIF orientation says; transparent parts become white paper.

    Args:
        source: A path, or `-` for standard input.

    Returns:
        Shape (height, width, 3), BGR.

    Raises:
        ImageError: It is missing, empty, larger than 200 million pixels, or no picture that OpenCV can decode.
    """
    name = "standard input" if source == STDIN else source
    try:
        content = sys.stdin.buffer.read() if source == STDIN else _content(Path(source))
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror}") from None
    if not content:
        raise ImageError(f"{name} is empty")
    return decode_image(content, name)


def _content(path: Path) -> bytes:
    # To open a pipe may wait for ever.
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is no file; - reads standard input")
    return path.read_bytes()


def decode_image(content: bytes, name: str) -> NDArray[np.uint8]:
    """The pixels of one encoded picture; `name` stands in messages. As `read_image`."""
    encoded = np.frombuffer(content, np.uint8)
    colour = _decode(encoded, cv2.IMREAD_COLOR, name)
    # JPEG has no transparency; anything else is looked at twice.
    if not content.startswith(b"\xff\xd8"):
        raw = _decode(encoded, cv2.IMREAD_UNCHANGED, name)
        if raw.ndim == 3 and raw.shape[2] == 4 and raw.shape[:2] == colour.shape[:2]:
            _lay_on_white(colour, raw[..., 3:])
    return np.asarray(colour, np.uint8)


def _lay_on_white(colour: NDArray[np.uint8], alpha: NDArray[Any]) -> None:
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1.0
    for top in range(0, len(colour), ROWS):
        rows = colour[top : top + ROWS]
        share = np.clip(alpha[top : top + ROWS].astype(np.float32) / opaque, 0, 1)
        rows[:] = np.rint(rows * share + 255 * (1 - share))


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture, whole, in the format that the suffix names.

    Raises:
        OutputError: OpenCV cannot write such a format.
    """
    try:
        encoded = cv2.imencode(path.suffix, image)[1]
    except cv2.error:
        raise OutputError(f"{path} has no suffix of a picture; use .png or .jpg") from None
    write_bytes(path, encoded.tobytes())


def _decode(encoded: NDArray[np.uint8], mode: int, name: str) -> Any:
    try:
        with quiet.silenced():
            image = cv2.imdecode(encoded, mode)
    except cv2.error as error:
        if "MAX_IMAGE" in str(error):
            raise ImageError(f"{name} has more than {MAX_PIXELS:,} pixels; make it smaller") from None
        raise ImageError(f"{name} cannot be decoded ({str(error).splitlines()[-1].strip()})") from None
    if image is None:
        raise ImageError(f"{name} is damaged or no picture; OpenCV reads PNG, JPEG, WebP, BMP and TIFF")
    if image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise ImageError(
            f"{name} has {image.shape[1]}x{image.shape[0]} pixels, more than {MAX_PIXELS:,}; make it smaller"
        )
    return image
