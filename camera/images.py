"""Decoding and encoding of still images, from and to files."""

import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.image_header import JPEG, PNG, Content, exif_orientation, image_size, png_exceeds_file
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.opencv import cv2

STDIN = "-"
# Where the caller sets no limit: 12,000 x 9,000, the most that a phone's camera stores, and room.
MAX_PIXELS = 200_000_000
# The advice of a message where the user can raise the limit, and where not.
ALLOW, SHRINK = "make it smaller, or allow more with --max-megapixels", "make it smaller"
# Of a file: MAX_PIXELS in four channels of 16 bits, uncompressed.
MAX_BYTES = 8 * MAX_PIXELS
# Bytes that are read, or pixels that are blended, at a time: keeps peak memory near that of the image.
CHUNK = 1 << 20


def read_image(source: str, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read one image, turned upright by its EXIF orientation, with transparent parts as white paper.

    An animation gives its first frame.

    Args:
        source: A path, or `-` for standard input.
        max_pixels: An image whose header gives more is refused before it is decoded.

    Returns:
        Shape (height, width, 3), BGR.

    Raises:
        ImageError: It is missing, empty, larger than `max_pixels` or than memory, or nothing that OpenCV decodes.
    """
    name = "standard input" if source == STDIN else source
    try:
        content = read_content(sys.stdin.buffer, name) if source == STDIN else _file_content(Path(source))
    except OSError as error:
        raise ImageError(f"{name} cannot be read: {error.strerror}") from None
    except ValueError:
        # The name holds a zero byte, or half of a surrogate pair, as JSON may.
        raise ImageError(f"{name} cannot be read: no file has such a name") from None
    return decode_image(content, name, max_pixels, ALLOW)


def _file_content(path: Path) -> bytearray:
    # Opening a named pipe may block for ever.
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is no file; - reads standard input")
    with path.open("rb") as file:
        return read_content(file, str(path))


def read_content(stream: BinaryIO, name: str) -> bytearray:
    """Read an encoded picture to its end; raises `ImageError` where it has more bytes than any."""
    content = bytearray()
    while chunk := stream.read(CHUNK):
        content += chunk
        if len(content) > MAX_BYTES:
            raise ImageError(f"{name} has more than {MAX_BYTES / 1e9:g} GB, so it is no picture that can be read")
    return content


def decode_image(content: Content, name: str, max_pixels: int = MAX_PIXELS, advice: str = SHRINK) -> NDArray[np.uint8]:
    """Decode one image as `read_image` does; `name` and `advice` appear in its errors."""
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
    """Return the message that refuses an image or video of this width and height."""
    return f"{name} has {size[0]}x{size[1]} pixels, more than {max_pixels:,}; {advice}"


def _pixels(content: Content, name: str) -> NDArray[np.uint8]:
    if content.startswith(PNG) and png_exceeds_file(content):
        raise _damaged(name)
    encoded = np.frombuffer(content, np.uint8)
    if content.startswith(JPEG):
        return np.asarray(_decode(encoded, cv2.IMREAD_COLOR, name), np.uint8)
    # Other formats may be transparent, and versions of OpenCV differ in whether they apply the orientation.
    stored = _decode(encoded, cv2.IMREAD_UNCHANGED, name)
    if stored.shape[2:] == (4,) and stored.dtype.kind == "u":
        colour = _on_white(stored)
    elif stored.shape[2:] == (3,) and stored.dtype == np.uint8:
        colour = stored
    else:
        # Two copies might not fit into memory.
        del stored
        colour = _decode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, name)
        if colour.ndim == 2:
            # OpenCV decodes PFM to grey despite the flag.
            colour = cv2.cvtColor(colour, cv2.COLOR_GRAY2BGR)
    return _turned(np.asarray(colour, np.uint8), exif_orientation(content))


def _on_white(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Blend an image of shape (height, width, 4), of any unsigned integers, with white paper."""
    blended = np.empty((*image.shape[:2], 3), np.uint8)
    # In strips, as the floating-point copy takes several times the memory.
    step = max(1, CHUNK // image.shape[1])
    for top in range(0, len(image), step):
        rows = image[top : top + step].astype(np.float32) / np.iinfo(image.dtype).max
        blended[top : top + step] = np.rint(255 * (1 - rows[..., 3:] * (1 - rows[..., :3])))
    return blended


def _turned(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if 5 <= orientation <= 8:
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an image atomically, in the format that the suffix names.

    Raises:
        OutputError: OpenCV cannot write such a format.
    """
    write_bytes(path, encode_image(path, image))


def encode_image(path: Path, image: NDArray[np.uint8]) -> bytes:
    """Encode an image as `write_image` would write it."""
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
