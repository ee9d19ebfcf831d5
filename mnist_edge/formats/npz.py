"""NumPy's archives: Keras' `x_train, y_train, x_test, y_test`, `images` and `labels`, and KMNIST's pairs of files."""

import io
import re
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.formats.class_names import known_names
from mnist_edge.formats.names import ROLES, listed, split_name
from mnist_edge.formats.raw import TRAINING, Candidate, Part, RawData, as_labels, as_pictures
from mnist_edge.progress import Progress
from mnist_edge.untrusted import errors_as, read_member, unpacked_limit

SUFFIX = ".npz"
IMAGES = {"x", "image", "images", "imgs", "data", "pixels"}
LABELS = {"y", "label", "labels", "target", "targets"}
# kmnist-train-imgs.npz and kmnist-train-labels.npz hold one array each.
_PAIR = re.compile(r"(.+)-(imgs|images|labels)\.npz")
# As MNIST has them, for messages.
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")


def find(folder: Path, names: Iterable[str]) -> list[Candidate]:
    """Find the data sets among the names of a folder's files."""
    alone: list[Path] = []
    pairs: dict[str, dict[str, dict[str, Path]]] = {}
    for name in sorted(name for name in names if name.endswith(SUFFIX)):
        if found := _PAIR.fullmatch(name):
            prefix, role = split_name(found[1])
            kind = "labels" if found[2] == "labels" else "images"
            pairs.setdefault(prefix, {}).setdefault(role or TRAINING, {})[kind] = folder / name
        else:
            alone.append(folder / name)
    candidates = [Candidate(path.name, (path,), partial(_read_one, path)) for path in alone]
    for prefix, parts in pairs.items():
        files = tuple(path for part in parts.values() for path in part.values())
        candidates.append(Candidate(f"{prefix}-*{SUFFIX}", files, partial(_read_pairs, prefix, parts)))
    return candidates


def _read_one(path: Path, progress: Progress) -> RawData:
    arrays = _arrays(path, _wanted)
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for key, array in arrays.items():
        kind, role = _wanted(key) or ("", "")
        parts.setdefault(role, {})[kind] = array
    if not parts or any(len(part) < 2 for part in parts.values()):
        holds = listed(arrays) if arrays else "no such arrays"
        raise DataError(f"{path} has {holds}; it needs {', '.join(NPZ_KEYS)}, or images and labels")
    found = {role: _part(part["images"], part["labels"], path) for role, part in parts.items()}
    return RawData(found, known_names(path.name, path.parent))


def _read_pairs(prefix: str, files: dict[str, dict[str, Path]], progress: Progress) -> RawData:
    parts = {}
    for role, pair in files.items():
        there = next(iter(pair.values()))
        if len(pair) < 2:
            raise DataError(f"{there} is alone: images and labels lie in two files, -imgs.npz and -labels.npz")
        images, labels = (next(iter(_arrays(pair[kind], bool).values()), None) for kind in ("images", "labels"))
        if images is None or labels is None:
            raise DataError(f"{pair['images']} or {pair['labels']} holds no array")
        parts[role] = _part(images, labels, pair["images"])
    return RawData(parts, known_names(prefix, there.parent))


def _part(images: NDArray[Any], labels: NDArray[Any], path: Path) -> Part:
    return Part(as_pictures(images, str(path)), as_labels(labels, str(path)))


def _wanted(key: str) -> tuple[str, str] | None:
    """The kind and the part that an array's name tells; None where it is neither images nor labels."""
    words = re.split(r"[^a-z0-9]+", key.lower())
    kinds = ["images" if word in IMAGES else "labels" for word in words if word in IMAGES | LABELS]
    roles = [ROLES[word] for word in words if word in ROLES]
    known = len(kinds) + len(roles) == len(words)
    return (kinds[0], roles[0] if roles else TRAINING) if known and len(kinds) == 1 and len(roles) < 2 else None


def _arrays(path: Path, wanted: Any) -> dict[str, NDArray[Any]]:
    content = path.read_bytes()
    with errors_as(DataError, str(path), "copy it again"), zipfile.ZipFile(io.BytesIO(content)) as archive:
        arrays, limit = {}, unpacked_limit(len(content))
        for name in archive.namelist():
            key = name.removesuffix(".npy")
            if key == name or not wanted(key):
                continue
            stored = read_member(archive, name, limit)
            limit -= len(stored)
            arrays[key] = np.load(io.BytesIO(stored), allow_pickle=False)
        return arrays
