"""Conversion: a trained Keras model and a precision in, a `.tflite` that carries its own metadata out."""

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.classifier import Classifier
from mnist_edge.compat import runtimes_of
from mnist_edge.converters.confidence import Confidence, fit_confidence, shipped_confidence
from mnist_edge.converters.export_metadata import data_metadata, network_metadata, parity_metadata
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import add_golden
from mnist_edge.converters.keras_source import keras_path, load_network, load_source
from mnist_edge.converters.parity import ModelOutputs, ParityReport, compare
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.converters.representative import SAMPLES, representative_images
from mnist_edge.converters.weakest_layer import weakest_layer
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.errors import DataError, UsageError
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.keras_network import softmax_appended
from mnist_edge.metadata import append_metadata
from mnist_edge.pixel_trial import trial_images, try_keras
from mnist_edge.pixels import Pixels
from mnist_edge.progress import Progress, no_progress
from mnist_edge.provenance import classes_for
from mnist_edge.safe_text import quoted
from mnist_edge.shipped_models import is_shipped
from mnist_edge.tflite_graph import count_macs, operators

# Validation images that may always get another digit: of the few in a small data set, three prove nothing.
MAY_DIFFER = 3
# Representative images that show which layer loses most.
LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Exported:
    """A `.tflite` that was written.

    Attributes:
        path: The file.
        model: Name of the network.
        precision: Key of `PRECISIONS`.
        io: Type of its input and output.
        size_bytes: Of the file, metadata included.
        operators: How often each operator occurs.
        macs: Multiply-accumulates for one image.
        runtimes: What can run it, by its operators (`mnist_edge.compat`).
        accuracy: On the test images: `images`, `correct`, `accuracy`, `runtime`, `data`, `sha256`; None without data.
        calibration: Of the representative images: `images`, `seed`, `split`, `data`, `sha256`; None without.
        confidence: The file's temperature and refusal threshold, and the validation images they were chosen on; None
            without data, but for a model that ships.
        parity: How the file compares with its source on the validation images; None without data.
        softmax: `appended` where the model gave no probabilities and a softmax was put behind it, else `trained`.
    """

    path: Path
    model: str
    precision: str
    io: str
    size_bytes: int
    operators: dict[str, int]
    macs: int
    runtimes: tuple[str, ...]
    accuracy: dict[str, Any] | None
    calibration: dict[str, Any] | None
    confidence: Confidence | None
    parity: ParityReport | None
    softmax: str

    def to_json(self) -> dict[str, Any]:
        """The document that `export --json` prints."""
        document = {name: getattr(self, name) for name in self.__slots__}
        nested = {
            "confidence": asdict(self.confidence) if self.confidence else None,
            "parity": self.parity.to_json() if self.parity else None,
        }
        return document | nested | {"path": str(self.path), "runtimes": list(self.runtimes)}


def convert(
    model: Any,
    precision: str,
    *,
    io: str | None = None,
    data: Dataset | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    output: Path | None = None,
    force: bool = False,
    keep: bool = False,
    trained_on: Pixels | None = None,
    progress: Progress = no_progress,
) -> Exported:
    """Convert a Keras model to a `.tflite`, compare it with its source, and measure its accuracy.

    Args:
        model: A `.keras` or `.h5` file, a run folder, the name of a model that ships, or a Keras model in memory.
        precision: Key of `PRECISIONS`, or `none` for float32.
        io: Type of input and output; None takes the precision's own: int8 for int8, else float32.
        data: Its training split calibrates, its validation split fits temperature and refusal threshold and compares
            with the source, its test split gives the accuracy. None leaves all of these out, but for the temperature
            and threshold of a model that ships, and allows no precision that needs calibration.
        samples: How many representative images.
        seed: Which ones.
        output: The file to write; None writes `NAME.PRECISION.tflite` beside the model, or in the current folder for
            a model that ships.
        force: Replace a file that is there.
        keep: Write the file even where its decisions are not those of its source; see `Exported.parity`.
        trained_on: What the network takes for background and ink; None goes by its input and its first layers. The
            file takes 0 to 1 whatever it is.
        progress: Called with the number of images measured.

    Raises:
        UsageError: No such precision, or an `io` that it does not take.
        DataError: No or bad representative images.
        ModelError: The model cannot be converted; names the layer.
        CheckFailed: The file does not pass the `sanity` of its precision; nothing is written.
        OutputError: The file exists already.
    """
    row = find_precision(precision)
    io = choose_io(row, io)
    network, classes, trained_on = _source(model, data, trained_on)
    if data is None and row.calibrated:
        raise DataError(f"{row.name} needs representative images; name a data set with --data")
    path = output or beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    images = representative_images(data, samples, seed) if data and row.calibrated else None
    content = to_flatbuffer(network, row, io, images)
    classifier = _load(content, path.name, classes)
    facts = _Facts(softmax="appended" if softmax_appended(network) else "trained")
    if data:
        facts = _measure(network, classifier, data, row, facts, progress)
        if not keep and facts.parity:
            _refuse(facts.parity, network, row, images)
        if images is not None:
            facts = replace(facts, calibration=data_metadata(data, "training", samples) | {"seed": seed})
    else:
        facts = replace(facts, confidence=shipped_confidence(model, row.name))
    metadata = network_metadata(network.name, row, io, classifier, facts.calibration, facts.softmax)
    complete = add_golden(append_metadata(content, metadata | facts.metadata(trained_on)), path.name, data)
    write_bytes(path, complete)
    return _exported(path, complete, network.name, row, io, classifier, facts)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was found out about a file; the fields are those of `Exported`."""

    softmax: str
    calibration: dict[str, Any] | None = None
    parity: ParityReport | None = None
    compared: dict[str, Any] | None = None
    accuracy: dict[str, Any] | None = None
    confidence: Confidence | None = None

    def metadata(self, trained_on: Pixels | None) -> dict[str, Any]:
        """The part of a file's metadata that was measured."""
        pixels = trained_on.to_metadata() if trained_on else {}
        confidence = self.confidence.to_metadata() if self.confidence else {}
        return pixels | {"parity": self.compared, "accuracy": self.accuracy} | confidence


def _source(
    model: Any, data: Dataset | None, trained_on: Pixels | None
) -> tuple[Any, tuple[str, ...] | None, Pixels | None]:
    """The network, what it tells, and what it was trained on, where that is not as its layers suggest."""
    recorded = _classes(model)
    classes = data.classes if data else recorded
    network = load_network(model)
    if data and not recorded and not trained_on:
        trained_on = try_keras(network, trial_images(data), len(data.classes))
    return load_source(network, trained_on, len(classes) if classes else None), classes, trained_on


def _exported(
    path: Path, content: bytes, model: str, precision: Precision, io: str, classifier: Classifier, facts: _Facts
) -> Exported:
    return Exported(
        path=path,
        model=model,
        precision=precision.name,
        io=io,
        size_bytes=len(content),
        operators=operators(classifier.interpreter),
        macs=count_macs(classifier.interpreter),
        runtimes=runtimes_of(path),
        accuracy=facts.accuracy,
        calibration=facts.calibration,
        confidence=facts.confidence,
        parity=facts.parity,
        softmax=facts.softmax,
    )


def _refuse(parity: ParityReport, network: Any, precision: Precision, images: NDArray[np.float32] | None) -> None:
    """Raise `CheckFailed` where the decisions have fallen apart, and name the layer where int8 does that."""
    remedy = "it was not written; --keep writes it all the same"
    weakest = weakest_layer(network, images[:LOOKED_AT]) if images is not None and not parity.passed else None
    if weakest:
        remedy = (
            f"layer {quoted(weakest[0])} loses most, {weakest[1]:.0%} of its signal; {remedy}; "
            "--quantize dynamic or float16 keeps activations in floating point"
        )
    parity.raise_if_failed(remedy)


def beside(model: Any, name: str) -> Path:
    """Where a file made of a model goes unless told: beside it, or into the current folder where it ships."""
    if not isinstance(model, str | Path):
        raise UsageError("a model in memory has no folder to write to; say where with output=")
    path = keras_path(model)
    return Path(name) if is_shipped(path) else path.parent / name


def _classes(model: Any) -> tuple[str, ...] | None:
    """What a model tells, where that is recorded."""
    return classes_for(keras_path(model)) if isinstance(model, str | Path) else None


def _load(content: bytes, name: str, classes: tuple[str, ...] | None) -> Classifier:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / name
        # With metadata, since what was just converted needs no trial in a process of its own, nor of its pixels.
        draft.write_bytes(append_metadata(content, {"name": name} | ({"labels": list(classes)} if classes else {})))
        return Classifier(draft, digits_only=False)


def _measure(
    network: Any, classifier: Classifier, data: Dataset, precision: Precision, facts: _Facts, progress: Progress
) -> _Facts:
    """Compare a file with its source, measure its accuracy and fit its confidence."""
    split = data.with_validation(VALIDATION_IMAGES).validation
    source, file = (
        ModelOutputs(name, one.runtime, predict(one, split, progress))
        for name, one in (("its source", KerasClassifier(network, classes=None)), (classifier.path.name, classifier))
    )
    parity = compare(source, file, split.labels, precision.sanity.on(split.labels, MAY_DIFFER), data.classes)
    test = score(predict(classifier, data.test, progress), data.test.labels, classifier.name, classifier.runtime)
    correct = {"correct": test.correct, "accuracy": test.accuracy, "runtime": test.runtime}
    return replace(
        facts,
        parity=parity,
        compared=data_metadata(data, "validation", parity.images) | parity_metadata(parity),
        accuracy=data_metadata(data, "test", test.images) | correct,
        confidence=fit_confidence(file.probabilities, split.labels, data.name),
    )
