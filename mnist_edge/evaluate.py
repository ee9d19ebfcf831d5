"""Measure the accuracy of a model, with the same code for `.keras` and `.tflite`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import expected_calibration_error
from mnist_edge.classes import DIGITS, numbered, shown
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Split
from mnist_edge.errors import ModelError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.keras_files import load_keras_model
from mnist_edge.keras_network import digit_network
from mnist_edge.pixel_trial import try_classifier, try_keras
from mnist_edge.pixels import Pixels
from mnist_edge.progress import Progress, no_progress
from mnist_edge.provenance import classes_for
from mnist_edge.shipped_models import is_keras, resolve
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras

# Images between two reports of the progress.
CHUNK = 1_000
# Quantised softmax outputs can be exactly 0: the highest loss of one image is -log of this.
SMALLEST_PROBABILITY = 1e-7


class Predictor(Protocol):
    """A model that can be evaluated: a `Classifier`, or a Keras model in a `KerasClassifier`."""

    name: str
    runtime: str

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Classify images, which `as_input` must accept; returns shape (n, classes)."""


class KerasClassifier:
    """A Keras model, evaluated like a `Classifier`.

    Attributes:
        name: Of the recipe, where the model carries it, else of the file.
        runtime: `keras` with its version.
        model: The Keras model, as `digit_network` completes it.
    """

    def __init__(
        self, model: Any, name: str | None = None, trained_on: Pixels | None = None, classes: int | None = 10
    ) -> None:
        """Wrap a model in memory; raises `ModelError` if it cannot map 28x28 images to so many probabilities."""
        self.model = digit_network(model, trained_on, classes)
        self.name = name or str(model.name)
        self.runtime = f"keras {load_keras().__version__}"

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Classify images, which `as_input` must accept; returns shape (n, classes)."""
        with interrupts_held():
            return np.asarray(self.model.predict(as_input(images), batch_size=CHUNK, verbose=0), np.float32)


def load_predictor(
    model: str | Path,
    *,
    calibrated: bool = True,
    runtime: str | None = None,
    threads: int = 1,
    trained_on: Pixels | None = None,
    classes: Sequence[str] = DIGITS,
    trial: Split | None = None,
) -> Predictor:
    """Load MODEL, a `.keras`, `.h5` or `.tflite` file, a SavedModel or the name of a model that ships.

    Args:
        model: The file or name.
        calibrated: Scale a `.tflite` by its temperature; a Keras model has none.
        runtime: For a `.tflite`; None takes the first that works.
        threads: CPU threads for one invoke of a `.tflite`.
        trained_on: What the network takes for background and ink; None goes by its file.
        classes: What it must tell, or as many.
        trial: Images to find out with what a network of unknown origin was trained on (`mnist_edge.pixel_trial`),
            where `trained_on` is not given; None goes by its file.

    Raises:
        ModelError: There is no such model, it cannot be loaded, or it tells other classes.
    """
    path = resolve(model)
    trial = None if trained_on or classes_for(model) else trial
    if is_keras(path):
        network = load_keras_model(path)
        trained_on = try_keras(network, trial, len(classes)) if trial else trained_on
        return KerasClassifier(network, trained_on=trained_on, classes=len(classes))
    found = Classifier(
        path, calibrated=calibrated, runtime=runtime, threads=threads, trained_on=trained_on, digits_only=False
    )
    if len(found.classes) != len(classes):
        raise ModelError(f"{path.name} tells {shown(found.classes)}, not {shown(classes)}")
    if trial:
        try_classifier(found, trial)
    return found


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The figures of one class; precision and recall are 0 where they are undefined.

    `label` is its place among the classes, which is the digit itself where these are digits, and `name` its name.
    """

    label: int
    name: str
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on a split.

    Attributes:
        model: Name of the model.
        runtime: What ran it.
        images: How many were classified.
        correct: How many have their label as top-1.
        accuracy: `correct / images`.
        loss: Mean cross-entropy in nats, probabilities clipped at 1e-7.
        ece: Expected calibration error, 0 to 1 (`mnist_edge.calibration`).
        temperature: By which the probabilities were scaled; 1 where they are the network's own.
        per_class: Figures of each class.
        confusion: `confusion[true][predicted]` counts images.
    """

    model: str
    runtime: str
    images: int
    correct: int
    accuracy: float
    loss: float
    ece: float
    temperature: float
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Make the document that `evaluate --json` prints."""
        return asdict(self)


def predict(predictor: Predictor, split: Split, progress: Progress = no_progress) -> NDArray[np.float32]:
    """Compute probabilities, shape (n, classes), for all images of a split."""
    parts = []
    for start in range(0, len(split), CHUNK):
        parts.append(predictor.probabilities(split.images[start : start + CHUNK]))
        progress(min(start + CHUNK, len(split)), len(split), predictor.name)
    return np.concatenate(parts)


def score(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    model: str,
    runtime: str,
    temperature: float = 1.0,
    classes: Sequence[str] | None = None,
) -> Evaluation:
    """Compute figures from probabilities, shape (n, classes), and true labels, shape (n,).

    `model`, `runtime`, `temperature` (by which the probabilities were scaled) and the names of the classes, where they
    are not just numbers, only go into the result.
    """
    predicted, count = probabilities.argmax(axis=1), probabilities.shape[1]
    pairs = np.bincount(labels.astype(np.intp) * count + predicted, minlength=count * count)
    confusion = pairs.reshape(count, count)
    correct = int(confusion.trace())
    chosen = probabilities[np.arange(len(labels)), labels]
    loss = float(-np.log(np.maximum(chosen, SMALLEST_PROBABILITY)).mean())
    figures = tuple(_class_figures(confusion, *one) for one in enumerate(classes or numbered(count)))
    rows = tuple(tuple(int(n) for n in row) for row in confusion)
    ece = expected_calibration_error(probabilities, labels)
    accuracy = correct / len(labels)
    return Evaluation(model, runtime, len(labels), correct, accuracy, loss, ece, temperature, figures, rows)


def evaluate(
    model: str | Path,
    split: Split,
    *,
    runtime: str | None = None,
    trained_on: Pixels | None = None,
    classes: Sequence[str] = DIGITS,
    trial: Split | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Evaluate MODEL on a split, with the calibrated probabilities that users get.

    Args:
        model: A `.keras` or `.tflite` file, or the name of a model that ships.
        split: The images to classify.
        runtime: For a `.tflite`; None takes the first that works.
        trained_on: What the network takes for background and ink; None goes by its file.
        classes: What the labels of the split mean.
        trial: As `load_predictor` takes it.
        progress: Receives the number of images done.

    Raises:
        ModelError: There is no such model, or it cannot be run.
    """
    predictor = load_predictor(model, runtime=runtime, trained_on=trained_on, classes=classes, trial=trial)
    temperature = predictor.temperature if isinstance(predictor, Classifier) else 1.0
    probabilities = predict(predictor, split, progress)
    return score(probabilities, split.labels, predictor.name, predictor.runtime, temperature, classes)


def _class_figures(confusion: NDArray[np.int64], label: int, name: str) -> ClassFigures:
    right, true, predicted = (
        int(n) for n in (confusion[label, label], confusion[label].sum(), confusion[:, label].sum())
    )
    precision, recall = right / max(predicted, 1), right / max(true, 1)
    return ClassFigures(label, name, true, precision, recall, 2 * right / max(true + predicted, 1))
