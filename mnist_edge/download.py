"""Download MNIST into the user's cache, and check its content."""

import hashlib
import sys
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from mnist_edge.atomic_files import write_atomically
from mnist_edge.errors import DataError, DownloadError
from mnist_edge.idx import read_bytes
from mnist_edge.progress import Progress, no_progress
from mnist_edge.user_folders import user_folder

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# On systems without XDG folders: the variable that names the user's cache, and its default below the home.
CACHE = {"darwin": ("XDG_CACHE_HOME", "Library/Caches"), "win32": ("LOCALAPPDATA", "AppData/Local")}
TIMEOUT_S = 10.0
# The largest file of MNIST has 10 MB.
MAX_BYTES = 64 << 20
BLOCK_BYTES = 1 << 16
# Digits of a Content-Length that is accepted; int() refuses those of 5,000 digits.
MAX_LENGTH_DIGITS = 11

# SHA-256 of the uncompressed files, which every copy of MNIST shares; the .gz around them differs from copy to copy.
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def cache_folder() -> Path:
    """Locate the folder of the user's cache for MNIST, existing or not; `DownloadError` if the user has no home."""
    base = user_folder(*CACHE.get(sys.platform, ("XDG_CACHE_HOME", ".cache")))
    if base is None:
        raise DownloadError("there is no home folder to keep MNIST in; name its folder with --data or MNIST_EDGE_DATA")
    return base / "mnist-edge" / "mnist"


def download(
    folder: Path,
    mirrors: Sequence[str] = MIRRORS,
    progress: Progress = no_progress,
    expected: dict[str, str] = MNIST_SHA256,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Download the four files of MNIST; a valid file is kept, and a mirror that fails makes way for the next.

    Args:
        folder: Where the `.gz` files go. Each appears only when it is complete and its content is right.
        mirrors: Base addresses, tried in order.
        progress: Receives the bytes of each file as they come.
        expected: SHA-256 of the uncompressed content of each file.
        timeout_s: Longest wait, in seconds, for a connection or for the next bytes.

    Returns:
        `folder`.

    Raises:
        DownloadError: No mirror delivered a file; the message gives each one's reason.
    """
    usable, reasons = list(mirrors), []
    for name, sha256 in expected.items():
        target = folder / f"{name}.gz"
        if target.exists() and _sha256_inside(target) == sha256:
            continue
        while usable:
            try:
                _fetch(usable[0] + target.name, target, sha256, progress, timeout_s)
                break
            except (OSError, HTTPException, DataError) as error:
                reasons.append(f"{usable.pop(0)}: {getattr(error, 'reason', None) or error}")
        else:
            raise DownloadError(
                f"MNIST could not be downloaded ({'; '.join(reasons)}); try again, or put its four files into a "
                "folder and name it with --data or MNIST_EDGE_DATA"
            )
    return folder


def _fetch(address: str, target: Path, sha256: str, progress: Progress, timeout_s: float) -> None:
    with urllib.request.urlopen(address, timeout=timeout_s) as response:
        content = receive(response, target.name, progress)

    def write(temporary: Path) -> None:
        temporary.write_bytes(content)
        if _sha256_inside(temporary) != sha256:
            raise DataError(f"{target.name} arrived damaged (its sha256 differs)")

    write_atomically(target, write)


def receive(response: HTTPResponse, name: str, progress: Progress) -> bytes:
    """Read the body of an answer; raises `DataError` where it is too large or broke off."""
    length = response.headers.get("Content-Length") or ""
    total = int(length) if length.isascii() and length.isdecimal() and len(length) <= MAX_LENGTH_DIGITS else 0
    content = bytearray()
    while block := response.read(BLOCK_BYTES):
        content += block
        if len(content) > MAX_BYTES:
            raise DataError(f"{name} is larger than {MAX_BYTES >> 20} MiB")
        progress(len(content), max(total, len(content)), name)
    if len(content) < total:
        raise DataError(f"{name} broke off after {len(content)} of {total} bytes")
    return bytes(content)


def _sha256_inside(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except DataError:
        return None
