"""Find, check and split the images and labels for training, validation and test."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import DIGITS, MAX_CLASSES, is_numbered, shown
from mnist_edge.download import MNIST_SHA256, cache_folder, download
from mnist_edge.errors import DataError, DownloadError, PackageMissing
from mnist_edge.formats.finding import read
from mnist_edge.formats.form import to_form
from mnist_edge.formats.labels import to_classes
from mnist_edge.formats.mnist import mnist_differences
from mnist_edge.formats.raw import TEST, TRAINING, VALIDATION
from mnist_edge.normalisation import normalise
from mnist_edge.optional_packages import require
from mnist_edge.progress import Progress, no_progress

# Changing it would change the validation images of every model.
SPLIT_SEED = 2026
VALIDATION_IMAGES = 5_000
# A validation split takes at most one of so many images.
MIN_POOL_PER_VALIDATION = 5
# Where no test images are given, one of so many tests, up to as many as MNIST has; fewer images tell nothing.
MIN_POOL_PER_TEST, MAX_TEST_IMAGES, MIN_IMAGES = 5, 10_000, 10
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
        labels: Shape (n,), uint8: the place of each image's class among `Dataset.classes`, from 0.
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
        if self.labels.max() >= MAX_CLASSES:
            raise DataError(f"labels must be 0 to {MAX_CLASSES - 1}, but one is {self.labels.max()}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp]) -> "Split":
        """Select the images at `indices`, in that order."""
        return Split(self.images[indices], self.labels[indices])


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set in three splits.

    Attributes:
        name: `MNIST`, the folder's or file's name for other data, or `scikit-learn digits`.
        training: For weights and representative data.
        validation: For choosing epochs, thresholds and architectures.
        test: For reporting only.
        path: Where it was found.
        sha256: Of all images and labels, in hexadecimal.
        notes: What a user should know about the origin of the data.
        classes: Their names, in the order of the labels.
    """

    name: str
    training: Split
    validation: Split
    test: Split
    path: Path
    sha256: str
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = DIGITS

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

    def for_classes(self, classes: tuple[str, ...], model: str) -> "Dataset":
        """Count the labels as a model's outputs are counted, by the names of the classes.

        Data whose classes have numbers only, such as IDX files, goes by these with a model that has as many names.

        Args:
            classes: Of the model.
            model: Its name, for the message.

        Raises:
            DataError: The data has a class that the model does not tell.
        """
        if classes == self.classes:
            return self
        if set(self.classes) <= set(classes):
            table = np.array([classes.index(name) for name in self.classes], np.uint8)
        elif len(classes) == len(self.classes) and is_numbered(self.classes):
            table = np.arange(len(classes), dtype=np.uint8)
        else:
            raise DataError(f"{model} tells {shown(classes)}, and {self.name} has {shown(self.classes)}")
        splits = (Split(one.images, table[one.labels]) for one in (self.training, self.validation, self.test))
        training, validation, test = splits
        return replace(self, training=training, validation=validation, test=test, classes=classes)


def load(data: Path | None = None, fallback: bool = False, progress: Progress = no_progress) -> Dataset:
    """Find, check and split the data.

    Args:
        data: Folder with a data set in any form of `docs/data.md`: IDX files, `.npz`, CSV, Parquet, or a folder of
            pictures for each class; or one of its files. None looks at `MNIST_EDGE_DATA`, then at the user's cache,
            and then downloads.
        fallback: Use scikit-learn's handwritten digits where MNIST can be neither found nor downloaded.
        progress: Receives the progress of a download, or of pictures that are read.

    Raises:
        DataError: A file is missing or damaged; names it and the reason.
        DownloadError: There is no copy here and no mirror delivered one.
        PackageMissing: What reads this form is not installed.
    """
    if data is None and os.environ.get("MNIST_EDGE_DATA"):
        data = Path(os.environ["MNIST_EDGE_DATA"])
    if data is not None:
        return _from_path(data, progress)
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
    return _from_path(download(cache_folder(), progress=progress), progress)


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
    return Dataset(name, pool.take(kept), pool.take(drawn), test, path, _sha256(pool, test), notes)


def _sha256(*splits: Split) -> str:
    digest = hashlib.sha256()
    for split in splits:
        for array in (split.images, split.labels):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _from_path(path: Path, progress: Progress) -> Dataset:
    with _named(path):
        raw = read(path, progress)
        labels, classes = to_classes(raw)
        images, found = to_form({role: part.pictures for role, part in raw.parts.items()}, progress)
        splits = {role: Split(images[role][..., None], labels[role]) for role in raw.parts}
        differing = mnist_differences(images, labels)
        if differing:
            data = replace(_other(path, splits, differing, (found, *raw.notes)), classes=classes)
            if lost := set(range(len(classes))) - set(np.unique(data.training.labels)):
                raise DataError(f"class {classes[min(lost)]} has too few images to train and to measure")
            return data
        return _split(MNIST, path, splits[TRAINING], splits[TEST], ())


def _other(path: Path, splits: dict[str, Split], differing: list[str], found: tuple[str, ...]) -> Dataset:
    """Complete a data set that is not MNIST: what is not given is drawn from the training images."""
    pool, drawn = splits[TRAINING], []
    if len(pool) < MIN_IMAGES:
        raise DataError(f"there are {len(pool)} training images; {MIN_IMAGES} are the least")
    total = f"{len(pool):,}"
    if TEST not in splits:
        rest, taken = stratified(pool.labels, min(MAX_TEST_IMAGES, len(pool) // MIN_POOL_PER_TEST), SPLIT_SEED)
        drawn.append(f"{len(taken):,} for test")
        splits, pool = {**splits, TEST: pool.take(taken)}, pool.take(rest)
    # A copy of MNIST that is damaged, or somebody's change of it, has some of its files.
    which = f" ({', '.join(differing)} differ)" if len(differing) < len(MNIST_SHA256) else ""
    notes = [f"{path} is not MNIST{which}; accuracies do not compare with MNIST's", *found]
    name = Path(os.path.realpath(path)).name
    if VALIDATION in splits:
        validation, test = splits[VALIDATION], splits[TEST]
        data = Dataset(name, pool, validation, test, path, _sha256(pool, validation, test))
    else:
        data = _split(name, path, pool, splits[TEST], ())
        drawn.insert(0, f"{len(data.validation):,} for validation")
    if drawn:
        notes.append(
            f"{' and '.join(drawn)} are drawn from the {total} training images, each class in its share, by seed "
            f"{SPLIT_SEED}"
        )
    return replace(data, notes=tuple(notes))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the data set's path before an error that does not have it."""
    try:
        yield
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from None
