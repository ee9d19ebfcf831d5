"""Choose the golden vectors of an exported classifier, and put them into its file."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.converters.precisions import find_precision
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.golden import KEY, Golden, outputs_in_front
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.refusal import digit_score
from mnist_edge.selftest import decide

# Images that are looked at for golden ones, which of them, and how many digits are kept. With seed 0 one logit of
# `small` differs by two quanta in tflite-runtime 2.14.
LOOKED_AT, SEED, DIGITS = 100, 1, 5
# Golden images are black and white, which takes a bit a pixel: ink is what is no paler than this.
INK = 128
# A digit score of less than this share of the threshold is refused clearly.
CLEARLY = 0.75
# Of `drawn_figures`.
FRAME = 2


def add_golden(model: bytes, name: str, data: Dataset | None) -> bytes:
    """Put golden vectors into a `.tflite`, or replace those that it has; its graph stays as it is.

    Five validation images in black and white, each of another digit, of a hundred drawn those that the network is
    surest of, and one drawn figure that is no digit. Sure decisions are the same wherever one quantum is rounded
    otherwise.

    Args:
        model: Content of the file, with its metadata.
        name: The file's name.
        data: The data set; None leaves the figure only.
    """
    metadata = metadata_of(model, name)
    precision = find_precision(metadata["precision"])
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / name
        draft.write_bytes(model)
        classifier = Classifier(draft, digits_only=False)
        images = np.concatenate([_surest(classifier, data), _no_digit(classifier)])
        decisions = decide(draft, images, None)
    outputs, runtime = outputs_in_front(model, name, images)
    golden = Golden(images, outputs, decisions, precision.golden_tolerance, runtime.label)
    return append_metadata(strip_metadata(model), metadata | {KEY: golden.to_metadata()})


def _surest(classifier: Classifier, data: Dataset | None) -> NDArray[np.uint8]:
    """Up to `DIGITS` images, shape (n, 28, 28), each of another digit."""
    if data is None:
        return np.empty((0, 28, 28), np.uint8)
    images = data.with_validation(VALIDATION_IMAGES).validation.images
    drawn = np.random.default_rng(SEED).permutation(len(images))[:LOOKED_AT]
    looked_at = np.where(images[drawn] >= INK, np.uint8(255), np.uint8(0)).reshape(-1, 28, 28)
    probabilities = classifier.probabilities(looked_at)
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    _, first = np.unique(probabilities.argmax(axis=1)[order], return_index=True)
    return looked_at[order[np.sort(first)[:DIGITS]]]


def _no_digit(classifier: Classifier) -> NDArray[np.uint8]:
    """One drawn figure, shape (1, 28, 28): of those that are clearly refused, or of all where none is, the surest.

    Of a figure that is like no digit at all the two best digits are a quantum apart, and change places anywhere.
    """
    figures = drawn_figures()
    probabilities = classifier.probabilities(figures)
    clearly = digit_score(probabilities) < CLEARLY * (classifier.refusal_threshold or 0.0)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    apart = first - second
    return figures[[np.where(clearly, apart, -1.0).argmax() if clearly.any() else apart.argmax()]]


def drawn_figures() -> NDArray[np.uint8]:
    """Figures that are no digits: a cross, a saltire, a frame, four spots, a T and a blot; shape (6, 28, 28)."""
    row, column = np.mgrid[:28, :28] - 13.5
    across, down = abs(row), abs(column)
    inside = np.maximum(across, down) < 10
    cross = (np.minimum(across, down) < 2) & inside
    saltire = (abs(across - down) < 2) & inside
    frame = (np.maximum(across, down) > 7) & inside
    spots = np.hypot(across - 6, down - 6) < 3
    tee = ((down < 2) | (row < -7)) & inside
    blot = np.hypot(row, column) < 10
    return (np.stack([cross, saltire, frame, spots, tee, blot]) * 255).astype(np.uint8)
