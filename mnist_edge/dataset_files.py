"""Read the files of a data set in the form of MNIST: four IDX files, or `mnist.npz`."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.download import MNIST_SHA256
from mnist_edge.errors import DataError
from mnist_edge.idx import IMAGES_MAGIC, LABELS_MAGIC, parse, read_bytes
from mnist_edge.untrusted import errors_as, read_member, unpacked_limit

# In the order of MNIST_SHA256: training images, training labels, test images, test labels.
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
Arrays = list[NDArray[np.uint8]]


def read_arrays(path: Path) -> tuple[Arrays, list[str]]:
    """Read a data set and compare it with MNIST.

    Args:
        path: Folder with the four IDX files (gzipped or not) or `mnist.npz`, or that `.npz` itself.

    Returns:
        Training images and labels, test images and labels, as stored; and the names of the files that differ from
        MNIST's.

    Raises:
        DataError: A file is missing or damaged; names it and the reason.
    """
    if not path.exists():
        raise DataError(f"there is no folder {path}; check --data and MNIST_EDGE_DATA")
    archive = path if path.is_file() else path / "mnist.npz"
    return _from_npz(archive) if archive.is_file() else _from_idx(path)


def _from_idx(folder: Path) -> tuple[Arrays, list[str]]:
    arrays, differing = [], []
    for name, sha256 in MNIST_SHA256.items():
        path = _find(folder, name)
        content = read_bytes(path)
        arrays.append(parse(content, _magic(name), path))
        if hashlib.sha256(content).hexdigest() != sha256:
            differing.append(name)
    return arrays, differing


def _find(folder: Path, name: str) -> Path:
    # Some copies are named train-images.idx3-ubyte.
    for stem in (name, name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (path := folder / f"{stem}{suffix}").is_file():
                return path
    raise DataError(f"{folder} has no {name}.gz; a data folder holds the four IDX files of MNIST, or mnist.npz")


def _from_npz(path: Path) -> tuple[Arrays, list[str]]:
    content = path.read_bytes()
    with errors_as(DataError, str(path), "copy it again"), zipfile.ZipFile(io.BytesIO(content)) as archive:
        missing = [key for key in NPZ_KEYS if f"{key}.npy" not in archive.namelist()]
        if missing:
            raise DataError(f"{path} lacks {', '.join(missing)}; it needs {', '.join(NPZ_KEYS)}")
        arrays, limit = [], unpacked_limit(len(content))
        for key in NPZ_KEYS:
            stored = read_member(archive, f"{key}.npy", limit)
            limit -= len(stored)
            arrays.append(_as_bytes(np.load(io.BytesIO(stored), allow_pickle=False), path))
        named = zip(MNIST_SHA256.items(), arrays, strict=True)
        return arrays, [name for (name, sha256), array in named if _sha256_as_idx(name, array) != sha256]


def _as_bytes(array: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    if array.dtype.kind not in "ui" or (array.size and (array.min() < 0 or array.max() > 255)):
        raise DataError(f"{path} holds {array.dtype} values; images and labels must be whole numbers from 0 to 255")
    return array.astype(np.uint8)


def _sha256_as_idx(name: str, array: NDArray[np.uint8]) -> str:
    """Hash an array as if it were stored as IDX."""
    header = b"".join(n.to_bytes(4, "big") for n in (_magic(name), *array.shape))
    return hashlib.sha256(header + array.tobytes()).hexdigest()


def _magic(name: str) -> int:
    return IMAGES_MAGIC if "images" in name else LABELS_MAGIC
