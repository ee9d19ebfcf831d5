"""IDX files under the names of MNIST, Fashion-MNIST and KMNIST, of EMNIST, and of QMNIST."""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.formats.class_names import known_names, read_mapping
from mnist_edge.formats.names import split_name
from mnist_edge.formats.raw import PARTS, TEST, TRAINING, Candidate, Part, RawData, as_labels, as_pictures
from mnist_edge.idx import IMAGES_MAGIC, LABELS_MAGIC, LONG_LABELS_MAGIC, parse, read_bytes
from mnist_edge.progress import Progress

# Some copies of MNIST have train-images.idx3-ubyte.
_NAME = re.compile(r"(.*?)-?(images|labels)[-.]idx([123])-(ubyte|int)(\.gz)?")
_MAGIC = {"1": LABELS_MAGIC, "2": LONG_LABELS_MAGIC, "3": IMAGES_MAGIC}
IMAGES, LABELS = "images", "labels"
Files = dict[str, dict[str, Path]]


def find(folder: Path, names: Iterable[str]) -> list[Candidate]:
    """Find the data sets among the names of a folder's files."""
    groups: dict[str, Files] = {}
    # A file that is there unpacked, too, is read so: its name comes first, and the first stays.
    for name in sorted(names):
        if found := _NAME.fullmatch(name):
            prefix, role = split_name(found[1])
            groups.setdefault(prefix, {}).setdefault(role or TRAINING, {}).setdefault(found[2], folder / name)
    return [
        Candidate(
            f"IDX files {prefix}-*" if prefix else "IDX files",
            tuple(path for part in files.values() for path in part.values()),
            partial(_read, folder, prefix, files),
        )
        for prefix, files in groups.items()
    ]


def _read(folder: Path, prefix: str, files: Files, progress: Progress) -> RawData:
    # Images without labels, or the test images alone, are a copy that lacks a file.
    for role in {TRAINING: None, TEST: None, **files} if not prefix else files:
        _require_both(folder, role, files)
    # EMNIST's images lie on their side, as MATLAB stores columns first.
    turned = prefix.startswith("emnist")
    parts = {role: _part(files[role], turned) for role in PARTS if role in files}
    notes = ("EMNIST stores its images transposed: turned upright",) if turned else ()
    return RawData(parts, read_mapping(folder, prefix) or known_names(prefix, folder), notes)


def _require_both(folder: Path, role: str, files: Files) -> None:
    part = files.get(role, {})
    if len(part) == 2:
        return
    if part:
        other = next(iter(part.values())).name.removesuffix(".gz")
        missing = (
            re.sub(r"images([-.])idx3", r"labels\1idx1", other)
            if IMAGES in part
            else re.sub(r"labels([-.])idx\d-(ubyte|int)", r"images\1idx3-ubyte", other)
        )
    else:
        missing = f"{'train' if role == TRAINING else 't10k'}-images-idx3-ubyte"
    raise DataError(f"{folder} has no {missing}.gz, which belongs to the IDX files there")


def _part(files: dict[str, Path], turned: bool) -> Part:
    images, labels = _array(files[IMAGES]), _array(files[LABELS])
    if turned:
        images = images.swapaxes(1, 2)
    name = str(files[IMAGES])
    return Part(as_pictures(images, name), as_labels(labels if labels.ndim == 1 else labels[:, 0], name))


def _array(path: Path) -> NDArray[np.generic]:
    found = _NAME.fullmatch(path.name)
    assert found
    return parse(read_bytes(path), _MAGIC[found[3]], path)
