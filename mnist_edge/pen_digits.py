"""Pendigits: pen paths of 7,494 digits by 30 writers, to train on beside MNIST.

E. Alpaydin and F. Alimoglu, "Pen-Based Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
CC BY 4.0. Only its training part, `pendigits-orig.tra`, is known here; the part of the other 14 writers measures.
"""

import gzip
import hashlib
import os
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from mnist_edge.atomic_files import write_bytes
from mnist_edge.download import MAX_BYTES, TIMEOUT_S, cache_folder, receive
from mnist_edge.errors import DataError, DownloadError
from mnist_edge.formats.unipen import PenDigit, read_unipen
from mnist_edge.idx import read_bytes
from mnist_edge.lzw import MAGIC, uncompress
from mnist_edge.progress import Progress, no_progress
from mnist_edge.untrusted import errors_as

NAME = "pendigits-orig.tra"
ADDRESS = "https://archive.ics.uci.edu/ml/machine-learning-databases/pendigits/pendigits-orig.tra.Z"
CREDIT = "Pendigits, pen paths by E. Alpaydin and F. Alimoglu (UCI, CC BY 4.0)"
# Of labels and points, which every copy shares, whatever it is packed by.
SHA256 = "6425bbe6dd03b8390393c27a5250a4c73e3b1c2bef888b83cd2ad8410a601a2a"
_SUFFIXES = ("", ".gz", ".Z")


def find_pen_digits() -> Path | None:
    """The training paths, plain, `.gz` or `.Z`: in the folder `MNIST_EDGE_DATA`, or in the user's cache."""
    folders = [Path(given)] if (given := os.environ.get("MNIST_EDGE_DATA")) else []
    with suppress(DownloadError):
        folders.append(_cache())
    files = (folder / (NAME + suffix) for folder in folders for suffix in _SUFFIXES)
    return next((path for path in files if path.is_file()), None)


def read_pen_digits(path: Path) -> list[PenDigit]:
    """Read and check the training paths.

    Raises:
        DataError: They are damaged, or others.
    """
    content = read_bytes(path)
    if content.startswith(MAGIC):
        with errors_as(DataError, path.name, "delete it and run: mnist-edge data"):
            content = uncompress(content, MAX_BYTES)
    digits = read_unipen(content, path.name)
    if _sha256_of(digits) != SHA256:
        raise DataError(f"{path} is not Pendigits' training part as UCI has it; delete it and run: mnist-edge data")
    return digits


def fetch_pen_digits(progress: Progress = no_progress, address: str = ADDRESS) -> Path:
    """Find the training paths, or download them into the user's cache.

    Raises:
        DownloadError: They are not here and did not arrive.
    """
    if found := find_pen_digits():
        return found
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response:
            packed = receive(response, NAME, progress)
        with errors_as(DataError, NAME, "try again"):
            content = uncompress(packed, MAX_BYTES)
        if _sha256_of(read_unipen(content, NAME)) != SHA256:
            raise DataError(f"{NAME} is not as it was")
    except (OSError, HTTPException, DataError) as error:
        raise DownloadError(
            f"Pendigits could not be downloaded ({address}: {getattr(error, 'reason', None) or error}); "
            f"put {NAME} into {_cache()} to train with it"
        ) from None
    path = _cache() / f"{NAME}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, gzip.compress(content, mtime=0))
    return path


def _cache() -> Path:
    return cache_folder().parent / "pendigits"


def _sha256_of(digits: list[PenDigit]) -> str:
    found = hashlib.sha256()
    for digit in digits:
        found.update(f"{digit.label} {len(digit.strokes)}\n".encode())
        for stroke in digit.strokes:
            found.update(stroke.astype("<i4").tobytes())
    return found.hexdigest()
