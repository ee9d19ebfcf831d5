"""Conversion: a trained Keras model and a precision in, a `.tflite` that carries its own metadata out."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.classifier import Classifier
from mnist_edge.compat import runtimes_of
from mnist_edge.converters.confidence import Confidence, fit_confidence, shipped_confidence
from mnist_edge.converters.export_metadata import data_metadata, network_metadata, parity_metadata
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import add_golden
from mnist_edge.converters.keras_source import keras_path, load_source
from mnist_edge.converters.parity import ModelOutputs, ParityReport, compare
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.converters.representative import SAMPLES, representative_images
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.errors import DataError, UsageError
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.keras_network import softmax_appended
from mnist_edge.metadata import append_metadata
from mnist_edge.pixels import Pixels
from mnist_edge.progress import Progress, no_progress
from mnist_edge.provenance import classes_for
from mnist_edge.shipped_models import is_shipped
from mnist_edge.tflite_graph import count_macs, operators

# Validation images that may always get another digit: of the few in a small data set, three prove nothing.
MAY_DIFFER = 3


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
    classes = data.classes if data else _classes(model)
    network = load_source(model, trained_on, len(classes) if classes else None)
    if data is None and row.calibrated:
        raise DataError(f"{row.name} needs representative images; name a data set with --data")
    path = output or beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    images, calibration = None, None
    if data and row.calibrated:
        images = representative_images(data, samples, seed)
        calibration = data_metadata(data, "training", samples) | {"seed": seed}
    content = to_flatbuffer(network, row, io, images)
    classifier = _load(content, path.name, classes)
    parity, compared, accuracy = None, None, None
    confidence: Confidence | None
    if data:
        parity, accuracy, confidence = _measure(network, classifier, data, row, progress)
        compared = data_metadata(data, "validation", parity.images) | parity_metadata(parity)
        if not keep:
            parity.raise_if_failed("it was not written; --keep writes it all the same")
    else:
        confidence = shipped_confidence(model, row.name)
    softmax = "appended" if softmax_appended(network) else "trained"
    metadata = network_metadata(network.name, row, io, classifier, calibration, softmax)
    metadata |= trained_on.to_metadata() if trained_on else {}
    metadata |= {"parity": compared, "accuracy": accuracy} | (confidence.to_metadata() if confidence else {})
    complete = add_golden(append_metadata(content, metadata), path.name, data)
    write_bytes(path, complete)
    return Exported(
        path=path,
        model=network.name,
        precision=row.name,
        io=io,
        size_bytes=len(complete),
        operators=operators(classifier.interpreter),
        macs=count_macs(classifier.interpreter),
        runtimes=runtimes_of(path),
        accuracy=accuracy,
        calibration=calibration,
        confidence=confidence,
        parity=parity,
        softmax=softmax,
    )


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
        # With a checksum, since what was just converted needs no trial in a process of its own.
        draft.write_bytes(append_metadata(content, {"labels": list(classes)} if classes else {}))
        return Classifier(draft, digits_only=False)


def _measure(
    network: Any, classifier: Classifier, data: Dataset, precision: Precision, progress: Progress
) -> tuple[ParityReport, dict[str, Any], Confidence]:
    """Compare a file with its source, measure its accuracy and fit its confidence."""
    split = data.with_validation(VALIDATION_IMAGES).validation
    source, file = (
        ModelOutputs(name, one.runtime, predict(one, split, progress))
        for name, one in (("its source", KerasClassifier(network, classes=None)), (classifier.path.name, classifier))
    )
    test = score(predict(classifier, data.test, progress), data.test.labels, classifier.name, classifier.runtime)
    correct = {"correct": test.correct, "accuracy": test.accuracy, "runtime": test.runtime}
    return (
        compare(source, file, split.labels, precision.sanity.on(split.labels, MAY_DIFFER), data.classes),
        data_metadata(data, "test", test.images) | correct,
        fit_confidence(file.probabilities, split.labels, data.name),
    )
