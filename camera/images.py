"""Still pictures: their pixels, from files and to files."""

import re
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.image_files import STDIN
from mnist_edge.camera.image_size import image_size
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.opencv import cv2

# Of a picture, unless a caller allows another: 12,000 x 9,000 and some room.
MAX_PIXELS = 200_000_000
# What a message advises where the user decides what is allowed, and where nobody does.
ALLOW, SHRINK = "make it smaller, or allow more with --max-megapixels", "make it smaller"
# Of a file: that many pixels of the deepest kind, 16 bits with transparency, without any compression.
MAX_BYTES = 8 * MAX_PIXELS
# Bytes or pixels that are worked on at a time.
PIECE = 1 << 20
JPEG = b"\xff\xd8"
PNG = b"\x89PNG\r\n\x1a\n"
# Where a PNG or a WebP holds its EXIF tags, and what they begin with.
EXIF = re.compile(rb"(?:eXIf|EXIF.{4})(?:Exif\0\0)?(II\x2a\0|MM\0\x2a)", re.DOTALL)
MAX_EXIF = 1 << 16
ORIENTATION = 0x0112


def read_image(source: str, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The pixels of one picture, turned as its EXIF orientation says; transparent parts become white paper.

    Of an animation it is the first frame.

    Args:
        source: A path, or `-` for standard input.
        max_pixels: A picture whose header says more is refused before anything is decoded.

    Returns:
        Shape (height, width, 3), BGR.

    Raises:
        ImageError: It is missing, empty, larger than `max_pixels` or than memory, or no picture that OpenCV can
            decode.
    """
    name = "standard input" if source == STDIN else source
    try:
        content = _content(sys.stdin.buffer, name) if source == STDIN else _file_content(Path(source))
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror}") from None
    except ValueError:
        # It holds a zero byte, or half of a surrogate pair, as JSON may.
        raise ImageError(f"{name} cannot be read: no file has such a name") from None
    return decode_image(content, name, max_pixels, ALLOW)


def _file_content(path: Path) -> bytearray:
    # To open a pipe may wait for ever.
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is no file; - reads standard input")
    with path.open("rb") as file:
        return _content(file, str(path))


def _content(stream: BinaryIO, name: str) -> bytearray:
    content = bytearray()
    while piece := stream.read(PIECE):
        content += piece
        if len(content) > MAX_BYTES:
            raise ImageError(f"{name} has more than {MAX_BYTES / 1e9:g} GB, so it is no picture that can be read")
    return content


def decode_image(
    content: bytes | bytearray, name: str, max_pixels: int = MAX_PIXELS, advice: str = SHRINK
) -> NDArray[np.uint8]:
    """The pixels of one encoded picture, as `read_image`; `name` and `advice` stand in messages."""
    if not content:
        raise ImageError(f"{name} is empty")
    size = image_size(content)
    if size is None:
        raise _damaged(name)
    if size[0] * size[1] > max_pixels:
        raise ImageError(too_large(name, size, max_pixels, advice))
    try:
        return _pixels(content, name)
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; make it smaller") from None


def too_large(name: str, size: tuple[int, int], max_pixels: int, advice: str = ALLOW) -> str:
    """The message about a picture or video of a size, width and height, that is not allowed."""
    return f"{name} has {size[0]}x{size[1]} pixels, more than {max_pixels:,}; {advice}"


def _pixels(content: bytes | bytearray, name: str) -> NDArray[np.uint8]:
    if content.startswith(PNG) and _has_endless_chunk(content):
        raise _damaged(name)
    encoded = np.frombuffer(content, np.uint8)
    if content.startswith(JPEG):
        return np.asarray(_decode(encoded, cv2.IMREAD_COLOR, name), np.uint8)
    # Any other may be transparent, and what OpenCV makes of its orientation differs from version to version.
    stored = _decode(encoded, cv2.IMREAD_UNCHANGED, name)
    if stored.shape[2:] == (4,) and stored.dtype.kind == "u":
        colour = _on_white(stored)
    elif stored.shape[2:] == (3,) and stored.dtype == np.uint8:
        colour = stored
    else:
        # Two pictures at once might not fit into memory.
        del stored
        colour = _decode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, name)
        if colour.ndim == 2:
            # OpenCV's reader of PFM gives grey all the same.
            colour = cv2.cvtColor(colour, cv2.COLOR_GRAY2BGR)
    return _turned(np.asarray(colour, np.uint8), _orientation(content))


def _has_endless_chunk(png: bytes | bytearray) -> bool:
    """Whether a chunk says that it is longer than the file: OpenCV would take all that memory before it sees."""
    at = len(PNG)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if length > len(png):
            return True
        if kind == b"IEND":
            break
        # Length, kind and check sum stand around it.
        at += 12 + length
    return False


def _on_white(image: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture with transparency, shape (height, width, 4), of any unsigned integers, laid on white paper."""
    laid = np.empty((*image.shape[:2], 3), np.uint8)
    # In parts, since it takes memory many times theirs.
    step = max(1, PIECE // image.shape[1])
    for top in range(0, len(image), step):
        rows = image[top : top + step].astype(np.float32) / np.iinfo(image.dtype).max
        laid[top : top + step] = np.rint(255 * (1 - rows[..., 3:] * (1 - rows[..., :3])))
    return laid


def _orientation(content: bytes | bytearray) -> int:
    """The EXIF orientation of a PNG or WebP, 1 to 8: 1 where there is none, and for TIFF, whose reader applies it."""
    found = EXIF.search(content)
    if not found:
        return 1
    tags = content[found.start(1) : found.start(1) + MAX_EXIF]
    order = "<" if tags.startswith(b"II") else ">"
    try:
        (first,) = struct.unpack_from(order + "I", tags, 4)
        (count,) = struct.unpack_from(order + "H", tags, first)
        for index in range(count):
            tag, value = struct.unpack_from(order + "H6xH", tags, first + 2 + 12 * index)
            if tag == ORIENTATION:
                return int(value)
    except struct.error:
        # Damaged tags say nothing.
        pass
    return 1


def _turned(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if 5 <= orientation <= 8:
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture, whole, in the format that the suffix names.

    Raises:
        OutputError: OpenCV cannot write such a format.
    """
    write_bytes(path, encode_image(path, image))


def encode_image(path: Path, image: NDArray[np.uint8]) -> bytes:
    """What a file of that name would hold; as `write_image`."""
    try:
        return bytes(cv2.imencode(path.suffix, image)[1])
    except cv2.error:
        raise OutputError(f"{path} has no suffix of a picture; use .png or .jpg") from None


def _decode(encoded: NDArray[np.uint8], mode: int, name: str) -> Any:
    try:
        image = cv2.imdecode(encoded, mode)
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from None
        raise ImageError(f"{name} cannot be decoded ({str(error).splitlines()[-1].strip()})") from None
    if image is None:
        raise _damaged(name)
    return image


def _damaged(name: str) -> ImageError:
    return ImageError(f"{name} is damaged or no picture; OpenCV reads PNG, JPEG, WebP, BMP and TIFF")
