"""Pictures and videos behind addresses, such as `s3://bucket/scans`, through fsspec."""

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.archive.walk import Counts, Found, is_address
from mnist_edge.camera.images import ALLOW, CHUNK, decode_image, read_content, read_image
from mnist_edge.errors import ImageError, MnistEdgeError, PackageMissing, SourceError
from mnist_edge.optional_packages import require
from mnist_edge.reading import Reading
from mnist_edge.safe_text import mask

if TYPE_CHECKING:
    from mnist_edge.camera.loop import FrameReader


def exists(address: str) -> bool:
    """Whether there is a file or folder at an address, or a glob names a file.

    Raises:
        ImageError: The storage cannot be asked.
        PackageMissing: fsspec, or what it needs for such addresses, is not installed.
    """
    system, place = open_storage(address)
    with storage_errors(address):
        return bool(system.exists(place) or (glob.has_magic(place) and system.glob(place)))


def walk_address(address: str, recursive: bool, counts: Counts) -> Iterator[Found]:
    """Yield the files behind an address, a folder, a file or a glob, as `walk` does those of a path.

    Raises:
        ImageError: The storage cannot be asked.
        PackageMissing: As for `exists`.
    """
    system, place = open_storage(address)
    with storage_errors(address):
        is_folder = system.isdir(place)
        files = [] if is_folder else [place]
        if not is_folder and glob.has_magic(place) and not system.exists(place):
            files = sorted(one for one in system.glob(place) if system.isfile(one))
    yield from (Found(system.unstrip_protocol(file)) for file in files)
    waiting = [place] * is_folder
    while waiting:
        folder = waiting.pop()
        name = system.unstrip_protocol(folder)
        try:
            with storage_errors(name, "listed"):
                found, folders = _list(system, folder, counts)
        except ImageError as error:
            yield Found(name, str(error))
            continue
        yield from (Found(system.unstrip_protocol(file)) for file in found)
        if recursive:
            waiting += reversed(folders)


def _list(system: Any, folder: str, counts: Counts) -> tuple[list[str], list[str]]:
    """List the paths of a folder's files that count, and of its folders, sorted."""
    files, folders = [], []
    for entry in system.ls(folder, detail=True):
        path = entry["name"].rstrip("/")
        name = path.rpartition("/")[2]
        # An empty object marks a folder in some stores.
        if name.startswith(".") or path == folder.rstrip("/"):
            continue
        if entry["type"] != "directory":
            files += [entry["name"]] * counts(name)
        elif not entry.get("islink"):
            folders.append(path)
    return sorted(files), sorted(folders)


def read_picture(source: str, max_pixels: int) -> NDArray[np.uint8]:
    """Read one picture as `read_image` does, also from an address."""
    if not is_address(source):
        return read_image(source, max_pixels)
    system, path = open_storage(source)
    with storage_errors(source), system.open(path, "rb") as file:
        content = read_content(file, source)
    return decode_image(content, source, max_pixels, ALLOW)


def read_any_video(reader: "FrameReader", source: str, every_s: float, max_pixels: int) -> Iterator[Reading | None]:
    """Read one video as `read_video` does, also from an address, of which a copy is made for that time.

    Raises:
        ImageError: It cannot be fetched.
        SourceError: As for `read_video`.
    """
    # Tracker and sources take long to import, and pictures do without.
    from mnist_edge.camera.read_video import read_video

    if not is_address(source):
        yield from read_video(reader, source, every_s, max_pixels)
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="mnist-edge-") as folder:
        copy = Path(folder, f"video{os.path.splitext(source)[1]}")
        yield from _fetch(source, copy)
        try:
            for reading in read_video(reader, str(copy), every_s, max_pixels):
                yield reading and replace(reading, source=source)
        except SourceError as error:
            raise SourceError(str(error).replace(str(copy), source)) from None


def _fetch(source: str, copy: Path) -> Iterator[None]:
    """Copy a file piece by piece, with a sign of life after each."""
    system, path = open_storage(source)
    with storage_errors(source), system.open(path, "rb") as file, copy.open("wb") as here:
        while piece := file.read(CHUNK):
            here.write(piece)
            yield None


def open_storage(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and its path there.

    Raises:
        ImageError: There is no such kind of storage.
        PackageMissing: As for `exists`.
    """
    fsspec = require("fsspec", extra="storage")
    protocol = address.partition("://")[0]
    known = require("fsspec.registry", extra="storage").known_implementations.get(protocol)
    package = known["class"].partition(".")[0] if known else "fsspec"
    if package != "fsspec":
        require(package, extra=package)
    try:
        # Lists of folders are asked for once, and any number of them would be kept.
        system, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        raise PackageMissing(f"{protocol}:// needs a package that is not installed: {error}") from None
    except Exception as error:
        raise ImageError(f"{mask(address)} cannot be read: {error}") from None
    return system, str(path)


@contextmanager
def storage_errors(address: str, what: str = "read", kind: type[MnistEdgeError] = ImageError) -> Iterator[None]:
    """Turn whatever a storage raises into one line: that the address cannot be `what`, and why."""
    try:
        yield
    except MnistEdgeError:
        raise
    except FileNotFoundError:
        raise kind(f"{mask(address)} cannot be {what}: no such file or folder") from None
    except Exception as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        raise kind(f"{mask(address)} cannot be {what}: {reason}") from None
