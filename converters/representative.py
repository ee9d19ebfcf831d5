"""Representative images: what the converter sees to find the range of every activation."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import noun
from mnist_edge.dataset import Dataset, stratified
from mnist_edge.errors import DataError
from mnist_edge.tensors import as_input

SAMPLES = 500
# However few classes there are: fewer tell no range.
LEAST = 10
# Real data hardly repeats itself; the usual mistake is one image, or a handful, again and again.
MIN_DISTINCT = 0.9


def representative_images(data: Dataset, count: int | None = None, seed: int = 0) -> NDArray[np.float32]:
    """Draw images for calibration from the training split only (the rule of MLPerf Tiny), stratified over classes.

    Args:
        data: Validation and test images are never looked at.
        count: How many, no more than there are; None takes 500, or all where there are fewer.
        seed: Same seed, same images.

    Returns:
        Shape (count, 28, 28, 1), 0 to 1, in random order, checked by `check_representative`.

    Raises:
        DataError: Too few images, not every class, or hardly any variety.
    """
    training = data.training
    if count is None:
        count = min(SAMPLES, len(training))
    least = max(LEAST, len(data.classes))
    if not least <= count <= len(training):
        raise DataError(
            f"cannot draw {count} representative images: at least {least} are needed, "
            f"and {data.name} has {len(training)} training images; change --samples"
        )
    every = np.arange(len(training), dtype=np.intp)
    drawn = every if count == len(training) else stratified(training.labels, count, seed)[1]
    order = np.random.default_rng(seed).permutation(drawn)
    shown = {int(label) for label in training.labels[order]}
    missing = [name for label, name in enumerate(data.classes) if label not in shown]
    if missing:
        raise DataError(
            f"the representative images of {data.name} show no {', '.join(missing)}; "
            f"calibration needs every {noun(data.classes)}: raise --samples or complete the data"
        )
    images = as_input(training.images[order])
    check_representative(images)
    return images


def check_representative(images: NDArray[np.float32]) -> None:
    """Refuse images that would calibrate a model wrongly.

    Args:
        images: Meant to be float32 of shape (n, 28, 28, 1), 0 to 1.

    Raises:
        DataError: Another dtype, shape or range, NaN, blank images, or the same few again and again.
    """
    if images.dtype != np.float32 or images.shape[1:] != (28, 28, 1) or not len(images):
        raise DataError(
            f"representative images must be float32 of shape (n, 28, 28, 1), not {images.dtype} {images.shape}"
        )
    if not np.isfinite(images).all():
        raise DataError("representative images hold NaN or infinity; look at where the data comes from")
    lowest, highest = float(images.min()), float(images.max())
    # Less than half the range would be quantised too finely and clip real ink.
    if lowest < 0 or not 0.5 <= highest <= 1:
        raise DataError(
            f"representative images must span 0 to 1, these span {lowest:g} to {highest:g}; scale pixels as in training"
        )
    distinct = len({image.tobytes() for image in images})
    if distinct < MIN_DISTINCT * len(images):
        raise DataError(
            f"of {len(images)} representative images only {distinct} differ; calibration needs real variety"
        )
