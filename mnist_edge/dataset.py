"""Find, check and split the images and labels for training, validation and test."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset_files import read_arrays
from mnist_edge.download import cache_folder, download
from mnist_edge.errors import DataError, DownloadError, PackageMissing
from mnist_edge.normalisation import normalise
from mnist_edge.optional_packages import require
from mnist_edge.progress import Progress, no_progress

# Changing it would change the validation images of every model.
SPLIT_SEED = 2026
VALIDATION_IMAGES = 5_000
# A validation split takes at most one of so many images.
MIN_POOL_PER_VALIDATION = 5
# Of scikit-learn's digits one of five tests, and one of ten validates.
SKLEARN_PER_TEST, SKLEARN_PER_VALIDATION = 5, 10
# Names of the data sets that are found without a path.
MNIST = "MNIST"
SKLEARN = "scikit-learn digits"


@dataclass(frozen=True, slots=True)
class Split:
    """Images with their labels.

    Attributes:
        images: Shape (n, 28, 28, 1), uint8, 0 = background, 255 = full ink.
        labels: Shape (n,), uint8, 0 to 9.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.images.shape[1:] != (28, 28, 1) or self.images.dtype != np.uint8:
            raise DataError(
                f"images must be uint8 of shape (n, 28, 28, 1), not {self.images.dtype} {self.images.shape}"
            )
        if self.labels.shape != self.images.shape[:1]:
            raise DataError(f"there are {len(self.images)} images but {len(self.labels)} labels")
        if not len(self.labels):
            raise DataError("the data set has no images")
        if self.labels.max() > 9:
            raise DataError(f"labels must be 0 to 9, but one is {self.labels.max()}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp]) -> "Split":
        """Select the images at `indices`, in that order."""
        return Split(self.images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set in three splits.

    Attributes:
        name: `MNIST`, the folder's name for other IDX files, or `scikit-learn digits`.
        training: For weights and representative data.
        validation: For choosing epochs, thresholds and architectures.
        test: For reporting only.
        path: Where it was found.
        sha256: Of all images and labels, in hexadecimal.
        notes: What a user should know about the origin of the data.
    """

    name: str
    training: Split
    validation: Split
    test: Split
    path: Path
    sha256: str
    notes: tuple[str, ...] = ()

    def with_validation(self, images: int) -> "Dataset":
        """Enlarge the validation split to at least `images`, but to no more than a fifth of the pool.

        It only grows, so that no recipe was trained on what thresholds were chosen on.
        """
        missing = min(images, (len(self.training) + len(self.validation)) // MIN_POOL_PER_VALIDATION) - len(
            self.validation
        )
        if missing <= 0:
            return self
        kept, drawn = stratified(self.training.labels, missing, SPLIT_SEED)
        more = self.training.take(drawn)
        validation = Split(
            np.concatenate([self.validation.images, more.images]), np.concatenate([self.validation.labels, more.labels])
        )
        return replace(self, training=self.training.take(kept), validation=validation)


def load(data: Path | None = None, fallback: bool = False, progress: Progress = no_progress) -> Dataset:
    """Find, check and split the data.

    Args:
        data: Folder with the four IDX files (gzipped or not) or `mnist.npz`, or that `.npz` itself. None looks at
            `MNIST_EDGE_DATA`, then at the user's cache, and then downloads.
        fallback: Use scikit-learn's handwritten digits where MNIST can be neither found nor downloaded.
        progress: Receives the progress of a download.

    Raises:
        DataError: A file is missing or damaged; names it and the reason.
        DownloadError: There is no copy here and no mirror delivered one.
    """
    if data is None and os.environ.get("MNIST_EDGE_DATA"):
        data = Path(os.environ["MNIST_EDGE_DATA"])
    if data is not None:
        return _from_path(data)
    try:
        return fetch_mnist(progress)
    except DownloadError as error:
        if not fallback:
            raise
        try:
            return sklearn_digits(f"MNIST was not found and could not be downloaded; {_SKLEARN_NOTE}")
        except PackageMissing:
            raise error from None


def fetch_mnist(progress: Progress = no_progress) -> Dataset:
    """Load MNIST from the user's cache, after a download if it is not there; raises `DownloadError` if that fails."""
    return _from_path(download(cache_folder(), progress=progress))


_SKLEARN_NOTE = "using scikit-learn's 1,797 handwritten digits, whose accuracies do not compare with MNIST's"


def sklearn_digits(note: str = _SKLEARN_NOTE) -> Dataset:
    """Load scikit-learn's bundled digits (Alpaydin and Kaynak, 1998): 8x8 scans, brought to 28x28 by `normalise`."""
    sklearn_datasets = require("sklearn.datasets", extra="train")
    bunch = sklearn_datasets.load_digits()
    ink = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    images = np.stack([normalise(digit) for digit in ink])[..., None]
    labels = bunch.target.astype(np.uint8)
    rest, test = stratified(labels, len(labels) // SKLEARN_PER_TEST, SPLIT_SEED)
    everything = Split(images, labels)
    path = Path(sklearn_datasets.__file__).parent / "data" / "digits.csv.gz"
    pool = everything.take(rest)
    return _split(SKLEARN, path, pool, everything.take(test), (note,), len(labels) // SKLEARN_PER_VALIDATION)


def stratified(labels: NDArray[np.uint8], count: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw `count` indices so that each class keeps its share, as nearly as whole images allow.

    Returns:
        The indices left over and the indices drawn, each ascending.

    Raises:
        DataError: `count` is less than one, or not less than the number of images.
    """
    if not 0 < count < len(labels):
        raise DataError(f"cannot draw {count} of {len(labels)} images")
    # Shuffled, then ordered by class: every k-th of them is a stratified sample.
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    drawn = np.zeros(len(labels), bool)
    drawn[order[np.floor((np.arange(count) + 0.5) * (len(labels) / count)).astype(np.intp)]] = True
    return np.flatnonzero(~drawn), np.flatnonzero(drawn)


def _split(
    name: str,
    path: Path,
    pool: Split,
    test: Split,
    notes: tuple[str, ...],
    validation_images: int = VALIDATION_IMAGES,
) -> Dataset:
    kept, drawn = stratified(pool.labels, min(validation_images, len(pool) // MIN_POOL_PER_VALIDATION), SPLIT_SEED)
    digest = hashlib.sha256()
    for array in (pool.images, pool.labels, test.images, test.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    return Dataset(name, pool.take(kept), pool.take(drawn), test, path, digest.hexdigest(), notes)


def _from_path(path: Path) -> Dataset:
    arrays, differing = read_arrays(path)
    pool, test = _checked(arrays[0], arrays[1], path), _checked(arrays[2], arrays[3], path)
    if not differing:
        return _split(MNIST, path, pool, test, ())
    note = f"{path} is not MNIST ({', '.join(differing)} differ); accuracies do not compare with MNIST's"
    return _split(Path(os.path.realpath(path)).name, path, pool, test, (note,))


def _checked(images: NDArray[np.uint8], labels: NDArray[np.uint8], path: Path) -> Split:
    try:
        if images.shape[1:] != (28, 28):
            raise DataError(f"images must be 28x28, not {'x'.join(map(str, images.shape[1:])) or 'single numbers'}")
        return Split(images[..., None], labels)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
