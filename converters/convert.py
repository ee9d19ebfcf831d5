"""Conversion: a trained Keras model and a precision in, a `.tflite` that carries its own metadata out."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.classifier import Classifier
from mnist_edge.converters.confidence import Confidence, fit_confidence, shipped_confidence
from mnist_edge.converters.facts import data_facts, describe, parity_facts
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.keras_source import keras_path, load_source
from mnist_edge.converters.parity import Answers, ParityReport, compare
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.converters.representative import SAMPLES, representative_images
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.errors import DataError, UsageError
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.keras_network import softmax_appended
from mnist_edge.metadata import append_metadata
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import is_shipped
from mnist_edge.tflite_graph import count_macs, operators

# Validation images that may always get another digit: on the few that a small data set has, three say nothing.
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
        runtimes: What runs it.
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
    progress: Progress = no_progress,
) -> Exported:
    """Convert a Keras model to a `.tflite`, compare that with its source, and measure what it is worth.

    Args:
        model: A `.keras` or `.h5` file, a run folder, the name of a model that ships, or a Keras model in memory.
        precision: Key of `PRECISIONS`, or `none` for float32.
        io: Type of input and output; None takes the precision's own: int8 for int8, else float32.
        data: Where representative images (training split), the temperature and the refusal threshold (validation
            split) and the accuracy (test split) come from; the comparison with the source is on the validation split.
            Without it no precision that needs calibration can be made, and the metadata holds none of these, except
            that a model that ships keeps the temperature and threshold that it ships with.
        samples: How many representative images.
        seed: Which ones.
        output: The file to write; None writes `NAME.PRECISION.tflite` beside the model, or in the current folder for
            a model that ships.
        force: Replace a file that is there.
        keep: Write the file even where its decisions are not those of its source; `Exported.parity` tells.
        progress: Told how the measurement of accuracy goes.

    Raises:
        UsageError: No such precision, or an `io` that it does not take.
        DataError: No or bad representative images.
        ModelError: The model cannot be converted; names the layer.
        CheckFailed: The file's decisions have fallen apart, by the `sanity` of its precision; nothing is written.
        OutputError: The file exists already.
    """
    row = find_precision(precision)
    io = choose_io(row, io)
    network = load_source(model)
    if data is None and row.calibrated:
        raise DataError(f"{row.name} needs representative images; name a data set with --data")
    path = output or _beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    images, calibration = None, None
    if data and row.calibrated:
        images = representative_images(data, samples, seed)
        calibration = data_facts(data, "training", samples) | {"seed": seed}
    content = to_flatbuffer(network, row, io, images)
    classifier = _load(content, path.name)
    if data:
        figures = _measure(network, classifier, data, row, progress)
    else:
        figures = _Figures(confidence=shipped_confidence(model, row.name))
    if figures.parity and not keep:
        figures.parity.raise_if_failed("it was not written; --keep writes it all the same")
    softmax = "appended" if softmax_appended(network) else "trained"
    facts = describe(network.name, row, io, classifier, calibration, softmax) | figures.to_metadata(data)
    complete = append_metadata(content, facts)
    write_bytes(path, complete)
    return Exported(
        path=path,
        model=network.name,
        precision=row.name,
        io=io,
        size_bytes=len(complete),
        operators=operators(classifier.interpreter),
        macs=count_macs(classifier.interpreter),
        runtimes=row.runtimes,
        accuracy=figures.accuracy,
        calibration=calibration,
        confidence=figures.confidence,
        parity=figures.parity,
        softmax=softmax,
    )


def _beside(model: Any, name: str) -> Path:
    if not isinstance(model, str | Path):
        raise UsageError("a model in memory has no folder to write to; say where with output=")
    path = keras_path(model)
    return Path(name) if is_shipped(path) else path.parent / name


def _load(content: bytes, name: str) -> Classifier:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / name
        # With a checksum, since what was just converted needs no trial in a process of its own.
        draft.write_bytes(append_metadata(content, {}))
        return Classifier(draft)


@dataclass(frozen=True, slots=True)
class _Figures:
    """What was measured with the file, as `Exported` has it."""

    parity: ParityReport | None = None
    accuracy: dict[str, Any] | None = None
    confidence: Confidence | None = None

    def to_metadata(self, data: Dataset | None) -> dict[str, Any]:
        compared = parity_facts(self.parity) if self.parity else {}
        parity = data_facts(data, "validation", compared["images"]) | compared if data and compared else None
        chosen = self.confidence.to_metadata() if self.confidence else {}
        return {"parity": parity, "accuracy": self.accuracy, **chosen}


def _measure(network: Any, classifier: Classifier, data: Dataset, precision: Precision, progress: Progress) -> _Figures:
    split = data.with_validation(VALIDATION_IMAGES).validation
    both = [
        Answers(name, one.runtime, predict(one, split, progress))
        for name, one in (("its source", KerasClassifier(network)), (classifier.path.name, classifier))
    ]
    said = predict(classifier, data.test, progress)
    result = score(said, data.test.labels, classifier.name, classifier.runtime)
    correct = {"correct": result.correct, "accuracy": result.accuracy, "runtime": result.runtime}
    return _Figures(
        parity=compare(both[0], both[1], split.labels, precision.sanity.on(split.labels, MAY_DIFFER)),
        accuracy=data_facts(data, "test", result.images) | correct,
        confidence=fit_confidence(both[1].probabilities, split.labels, data.name),
    )
