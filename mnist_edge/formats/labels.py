"""Bring labels, numbers or names, to the ten digits."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError
from mnist_edge.formats.raw import TRAINING, RawData

DIGITS = tuple("0123456789")


def to_digits(raw: RawData) -> dict[str, NDArray[np.uint8]]:
    """The labels of each part, uint8, 0 to 9.

    Raises:
        DataError: One is no digit, or there is only one class, or another part has classes that training lacks.
    """
    labels = {role: _digits(part.labels, raw.class_names) for role, part in raw.parts.items()}
    trained = set(np.unique(labels[TRAINING]))
    if len(trained) < 2:
        raise DataError(f"there is one class only, {next(iter(trained), 'none')}; a classifier needs two or more")
    for role, each in labels.items():
        if unknown := set(np.unique(each)) - trained:
            raise DataError(f"the {role} images have the label {min(unknown)}, which no training image has")
    return labels


def _digits(labels: NDArray[np.generic], names: Mapping[int, str]) -> NDArray[np.uint8]:
    values, places = np.unique(labels, return_inverse=True)
    texts = [str(value) if labels.dtype.kind == "U" else names.get(int(value), str(value)) for value in values]
    for text in texts:
        if text not in DIGITS:
            raise DataError(f"labels must be 0 to 9, but one is {text}")
    return np.asarray(np.array([int(text) for text in texts], np.uint8)[places.reshape(-1)])
