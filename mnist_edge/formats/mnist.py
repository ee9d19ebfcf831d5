"""Recognise MNIST by its content, in whatever form it came."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_edge.download import MNIST_SHA256
from mnist_edge.formats.raw import TEST, TRAINING
from mnist_edge.idx import IMAGES_MAGIC, LABELS_MAGIC

Arrays = Mapping[str, NDArray[np.uint8]]


def mnist_differences(images: Arrays, labels: Arrays) -> list[str]:
    """The names of MNIST's files that a data set differs in: none for MNIST, all four for what is quite another.

    Args:
        images: By part, shape (n, 28, 28).
        labels: By part, shape (n,).
    """
    if set(images) != {TRAINING, TEST}:
        return list(MNIST_SHA256)
    arrays = (array for role in (TRAINING, TEST) for array in (images[role], labels[role]))
    named = zip(MNIST_SHA256.items(), arrays, strict=True)
    return [name for (name, sha256), array in named if _sha256_as_idx(array) != sha256]


def _sha256_as_idx(array: NDArray[np.uint8]) -> str:
    """Hash an array as if it were stored as IDX."""
    magic = LABELS_MAGIC if array.ndim == 1 else IMAGES_MAGIC
    header = b"".join(n.to_bytes(4, "big") for n in (magic, *array.shape))
    return hashlib.sha256(header + array.tobytes()).hexdigest()
