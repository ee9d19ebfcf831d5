"""Conversion: a trained Keras model and a precision in, a `.tflite` that carries its own metadata out."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.classifier import Classifier
from mnist_edge.compat import runtimes_of
from mnist_edge.converters.confidence import Confidence, shipped_confidence
from mnist_edge.converters.export_metadata import data_metadata, network_metadata
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import add_golden
from mnist_edge.converters.keras_source import beside, keras_path, load_network, load_source
from mnist_edge.converters.measured import Measured, measure
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.precisions import choose_io, find_precision
from mnist_edge.converters.representative import representative_images
from mnist_edge.converters.weakest_layer import weakest_layer
from mnist_edge.dataset import Dataset
from mnist_edge.errors import DataError
from mnist_edge.keras_network import softmax_appended
from mnist_edge.metadata import append_metadata
from mnist_edge.pixel_trial import trial_images, try_keras
from mnist_edge.pixels import Pixels
from mnist_edge.progress import Progress, no_progress
from mnist_edge.provenance import classes_for
from mnist_edge.safe_text import quoted
from mnist_edge.tflite_graph import operators

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
    samples: int | None = None,
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
        samples: How many representative images; None takes 500, or all where there are fewer.
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
    if data:
        found = measure(network, classifier, data, row, progress)
        if not keep:
            _refuse_if_failed(found.parity, network, images)
    else:
        found = Measured(confidence=shipped_confidence(model, row.name))
    calibration = data_metadata(data, "training", len(images)) | {"seed": seed} if data and images is not None else None
    softmax = "appended" if softmax_appended(network) else "trained"
    metadata = network_metadata(network.name, row, io, classifier, calibration, softmax)
    pixels = trained_on.to_metadata() if trained_on else {}
    complete = add_golden(append_metadata(content, metadata | pixels | found.to_metadata()), path.name, data)
    write_bytes(path, complete)
    return Exported(
        path=path, model=network.name, precision=row.name, io=io, size_bytes=len(complete),
        operators=operators(classifier.interpreter), macs=metadata["macs"], runtimes=runtimes_of(path),
        accuracy=found.accuracy, calibration=calibration, confidence=found.confidence, parity=found.parity,
        softmax=softmax,
    )  # fmt: skip


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


def _refuse_if_failed(parity: ParityReport | None, network: Any, images: NDArray[np.float32] | None) -> None:
    """Raise `CheckFailed` where the decisions have fallen apart, and name the layer where int8 does that."""
    if parity is None or parity.passed:
        return
    remedy = "it was not written; --keep writes it all the same"
    weakest = weakest_layer(network, images[:LOOKED_AT]) if images is not None else None
    if weakest:
        remedy = (
            f"layer {quoted(weakest[0])} loses most, {weakest[1]:.0%} of its signal; {remedy}; "
            "--quantize dynamic or float16 keeps activations in floating point"
        )
    parity.raise_if_failed(remedy)


def _classes(model: Any) -> tuple[str, ...] | None:
    """What a model tells, where that is recorded."""
    return classes_for(keras_path(model)) if isinstance(model, str | Path) else None


def _load(content: bytes, name: str, classes: tuple[str, ...] | None) -> Classifier:
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / name
        # With metadata, since what was just converted needs no trial in a process of its own, nor of its pixels.
        draft.write_bytes(append_metadata(content, {"name": name} | ({"labels": list(classes)} if classes else {})))
        return Classifier(draft, digits_only=False)
