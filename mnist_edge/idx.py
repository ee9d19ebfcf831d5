"""Read the IDX format of MNIST: a magic number, the shape, then bytes."""

import gzip
import io
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.untrusted import errors_as, read_limited, unpacked_limit

IMAGES_MAGIC = 0x0803
LABELS_MAGIC = 0x0801
# QMNIST's labels: eight numbers for each image, of which the first is its digit.
LONG_LABELS_MAGIC = 0x0C02
# By the third byte of the magic number.
_TYPES: dict[int, np.dtype[Any]] = {0x08: np.dtype(np.uint8), 0x0C: np.dtype(">i4")}
# Sixteen times the images of MNIST's training set: far beyond any data set of this form.
MAX_BYTES = 1 << 30
GZIP = b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """Read the content of an IDX file, gzipped or not.

    Raises:
        DataError: It is empty, damaged, larger than 1 GiB, or packed so well that it cannot be images.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if content.startswith(GZIP):
        limit = min(MAX_BYTES, unpacked_limit(len(content)))
        with errors_as(DataError, str(path), "delete it and run: mnist-edge data"):
            content = read_limited(gzip.GzipFile(fileobj=io.BytesIO(content)).read, limit)
    if not content:
        raise DataError(f"{path} is empty; delete it and run: mnist-edge data")
    if len(content) > MAX_BYTES:
        raise DataError(f"{path} holds more than 1 GiB; it is no data set of 28x28 images")
    return content


def parse(content: bytes, magic: int, path: Path) -> NDArray[Any]:
    """Parse the uncompressed content of an IDX file.

    Args:
        content: The uncompressed file.
        magic: `IMAGES_MAGIC`, `LABELS_MAGIC` or `LONG_LABELS_MAGIC`; its last byte is the number of dimensions.
        path: Of the file, for messages.

    Returns:
        Shape (count, height, width) for images and (count,) for labels, uint8; (count, 8) for long labels, int32.

    Raises:
        DataError: The magic number is wrong, or the number of bytes does not fit the shape in the header.
    """
    header_bytes = 4 + 4 * (magic & 0xFF)
    if len(content) < header_bytes or int.from_bytes(content[:4], "big") != magic:
        raise DataError(
            f"{path} is no IDX file of the expected kind: it starts with {content[:4].hex()}, not {magic:08x}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content[4:header_bytes], ">u4"))
    dtype = _TYPES[magic >> 8]
    expected = prod(shape) * dtype.itemsize
    if len(content) - header_bytes != expected:
        raise DataError(
            f"{path} is truncated or has extra bytes: its header asks for {expected} bytes, it holds "
            f"{len(content) - header_bytes}"
        )
    array: NDArray[Any] = np.frombuffer(content, dtype, offset=header_bytes)
    return array.reshape(shape)
