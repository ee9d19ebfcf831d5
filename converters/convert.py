"""Conversion: a trained Keras model and a precision in, a `.tflite` that carries its own metadata out."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.converters.confidence import Confidence, fit_confidence
from mnist_edge.converters.facts import data_facts, describe
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.keras_source import keras_path, load_source, output_layer
from mnist_edge.converters.outputs import fault
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.converters.representative import SAMPLES, representative_images
from mnist_edge.dataset import Dataset
from mnist_edge.errors import DataError, ModelError, UsageError
from mnist_edge.evaluate import predict, score
from mnist_edge.files import refuse_overwrite, write_bytes
from mnist_edge.graph import count_macs, operators
from mnist_edge.metadata import append_metadata
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped import is_shipped


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
            without data.
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

    def to_json(self) -> dict[str, Any]:
        """The document that `export --json` prints."""
        document = {name: getattr(self, name) for name in self.__slots__}
        confidence = asdict(self.confidence) if self.confidence else None
        return document | {"path": str(self.path), "runtimes": list(self.runtimes), "confidence": confidence}


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
    progress: Progress = no_progress,
) -> Exported:
    """Convert a Keras model to a `.tflite`, check that it works, and measure what it is worth.

    Args:
        model: A `.keras` file, a run folder, the name of a model that ships, or a Keras model in memory.
        precision: Key of `PRECISIONS`, or `none` for float32.
        io: Type of input and output; None takes the precision's own: int8 for int8, else float32.
        data: Where representative images (training split), the temperature and the refusal threshold (validation
            split) and the accuracy (test split) come from. Without it no precision that needs calibration can be
            made, and the metadata holds none of these.
        samples: How many representative images.
        seed: Which ones.
        output: The file to write; None writes `NAME.PRECISION.tflite` beside the model, or in the current folder for
            a model that ships.
        force: Replace a file that is there.
        progress: Told how the measurement of accuracy goes.

    Raises:
        UsageError: No such precision, or an `io` that it does not take.
        DataError: No or bad representative images.
        ModelError: The model cannot be converted or does not survive it; names the layer.
        OutputError: The file exists already.
    """
    row = find_precision(precision)
    io = choose_io(row, io)
    network = load_source(model)
    if data is None and row.calibrated:
        raise DataError(f"{row.name} needs representative images; name a data set with --data")
    path = output or _beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    images = _draw(data, row, samples, seed)
    content = to_flatbuffer(network, row, io, images)
    classifier = _load(content, path.name)
    if images is not None:
        _check_outputs(classifier.probabilities(images), network)
    accuracy = _measure(classifier, data, progress) if data else None
    calibration = data_facts(data, "training", samples) | {"seed": seed} if data and row.calibrated else None
    confidence = fit_confidence(classifier, data, progress) if data else None
    facts = describe(network.name, row, io, classifier, accuracy, calibration, confidence)
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
        accuracy=accuracy,
        calibration=calibration,
        confidence=confidence,
    )


def _beside(model: Any, name: str) -> Path:
    if not isinstance(model, str | Path):
        raise UsageError("a model in memory has no folder to write to; say where with output=")
    path = keras_path(model)
    return Path(name) if is_shipped(path) else path.parent / name


def _check_outputs(probabilities: NDArray[np.float32], network: Any) -> None:
    found = fault(probabilities)
    if found:
        raise ModelError(
            f"{network.name} collapsed: {found}, at its output layer {output_layer(network)!r}; "
            "evaluate the .keras model, and if that is sound, raise --samples"
        )


def _draw(data: Dataset | None, precision: Precision, samples: int, seed: int) -> NDArray[np.float32] | None:
    if data is None:
        return None
    # Uncalibrated precisions are only tried out on them, and are content with what there is.
    count = samples if precision.calibrated else min(samples, len(data.training))
    return representative_images(data, count, seed)


def _load(content: bytes, name: str) -> Classifier:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / name
        draft.write_bytes(content)
        return Classifier(draft)


def _measure(classifier: Classifier, data: Dataset, progress: Progress) -> dict[str, Any]:
    probabilities = predict(classifier, data.test, progress)
    result = score(probabilities, data.test.labels, classifier.name, classifier.runtime)
    figures = {"correct": result.correct, "accuracy": result.accuracy, "runtime": result.runtime}
    return data_facts(data, "test", result.images) | figures
