"""Conversion of a finder: a trained Keras model and ink levels in, a `.tflite` that takes any size out."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.compat import runtimes_of
from mnist_edge.confidence import KEY as CONFIDENCE
from mnist_edge.confidence import Confidence
from mnist_edge.converters.finder_graph import (
    FinderLevels,
    check_finder,
    finder_outputs,
    finder_to_flatbuffer,
    is_finder_network,
)
from mnist_edge.converters.finder_metadata import finder_metadata, training_of
from mnist_edge.converters.finder_parity import FinderParity, FinderTolerance, compare_finders
from mnist_edge.converters.golden import FRAME, drawn_figures
from mnist_edge.converters.keras_source import beside, check_weights, keras_path, load_network
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.detection import MULTIPLE
from mnist_edge.errors import DataError, UsageError
from mnist_edge.finder_network import FinderNetwork
from mnist_edge.golden import KEY, Golden, outputs_in_front
from mnist_edge.metadata import append_metadata, read_metadata, strip_metadata
from mnist_edge.normalisation import SIDE
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import FINDER, is_shipped
from mnist_edge.tflite_graph import operators

# What a copy must keep. Two detections that score nearly the same may change places in non-maximum suppression.
TOLERANCES = {
    "float32": FinderTolerance(0.995, 0.99),
    "float16": FinderTolerance(0.98, 0.97),
    "int8": FinderTolerance(0.90, 0.88),
}
# Fits the confidence of a finder's file and a classifier; gives it, and how well pages are read with it.
Fit = Callable[[Path], tuple[Confidence, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ExportedFinder:
    """A finder's `.tflite` that was written.

    Attributes:
        path: The file.
        model: Name of the network.
        precision: Key of `PRECISIONS`.
        io: Type of its input and output.
        size_bytes: Of the file, metadata included.
        operators: How often each operator occurs.
        macs: Multiply-accumulates for one picture of 640x480.
        runtimes: What can run it, by its operators (`mnist_edge.compat`).
        calibration: Of the ink levels that it was calibrated on; None without.
        parity: How the file compares with its source on the validation levels; None without.
        fitted: How well pages are read with it, as `fit` says; None without.
    """

    path: Path
    model: str
    precision: str
    io: str
    size_bytes: int
    operators: dict[str, int]
    macs: int
    runtimes: tuple[str, ...]
    calibration: dict[str, Any] | None
    parity: FinderParity | None
    fitted: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The document that `export --json` prints."""
        document = {name: getattr(self, name) for name in self.__slots__}
        parity = self.parity.to_json() if self.parity else None
        return document | {"path": str(self.path), "runtimes": list(self.runtimes), "parity": parity}


def is_finder(model: str | Path) -> bool:
    """Whether MODEL, as `convert` takes it, is a finder and no classifier."""
    path = keras_path(model)
    if is_shipped(path):
        return path.stem == FINDER
    return is_finder_network(load_network(path))


def convert_finder(
    model: Any,
    precision: str,
    *,
    io: str | None = None,
    levels: FinderLevels | None = None,
    fit: Fit | None = None,
    output: Path | None = None,
    force: bool = False,
    keep: bool = False,
) -> ExportedFinder:
    """Convert a finder to a `.tflite`, and compare it with its source.

    Args:
        model: A `.keras` file, a run folder, the name of a finder that ships, or a Keras model in memory.
        precision: Key of `TOLERANCES`, or `none` for float32.
        io: Type of input and output; None takes the precision's own: int8 for int8, else float32.
        levels: Calibrate int8 and compare the file with its source. None allows no int8.
        fit: Fits the confidence of the file; None leaves it without.
        output: The file to write; None writes `NAME.PRECISION.tflite` beside the model, or in the current folder for
            a finder that ships.
        force: Replace a file that is there.
        keep: Write the file even where it does not find what its source finds.

    Raises:
        UsageError: No such precision for a finder, or an `io` that it does not take.
        DataError: There are no ink levels, and the precision needs them.
        ModelError: The model is no finder or cannot be converted.
        CheckFailed: The file does not find what its source finds; nothing is written.
        OutputError: The file exists already.
    """
    row = _precision(precision)
    io = choose_io(row, io)
    network = load_network(model)
    check_finder(network)
    check_weights(network)
    if levels is None and row.calibrated:
        raise DataError(f"{row.name} needs representative ink levels; name a data set with --data")
    path = output or beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    content, scaling = finder_to_flatbuffer(network, row, io, levels)
    metadata = finder_metadata(network.name, row, io, content, scaling) | {"training": training_of(model)}
    calibration = levels.data | {"images": len(levels.training), "split": "training"} if levels and scaling else None
    parity = _compare(network, append_metadata(content, metadata), levels, TOLERANCES[row.name]) if levels else None
    if parity and not keep:
        parity.raise_if_failed("it was not written; --keep writes it all the same")
    compared = levels.data | {"split": "validation"} | parity.to_json() if levels and parity else None
    metadata |= {"calibration": calibration, "parity": compared}
    if fit:
        metadata |= _fitted(fit, network.name, append_metadata(content, metadata))
    metadata |= _golden(append_metadata(content, metadata), path.name, row)
    complete = append_metadata(content, metadata)
    write_bytes(path, complete)
    return ExportedFinder(
        path=path, model=network.name, precision=row.name, io=io, size_bytes=len(complete),
        operators=operators(build_interpreter(content, path.name)[0]), macs=metadata["macs"],
        runtimes=runtimes_of(path), calibration=calibration, parity=parity, fitted=metadata.get("fitted"),
    )  # fmt: skip


def refit(path: Path, fit: Fit) -> dict[str, Any]:
    """Fit the confidence of a finder's file again, as another reader needs it; the network stays bit by bit.

    Args:
        path: The file, which is replaced.
        fit: As for `convert_finder`.

    Returns:
        How well pages are read with it.
    """
    content, metadata = strip_metadata(path.read_bytes()), read_metadata(path)
    # What was fitted for another reader may not be understood.
    metadata.pop(CONFIDENCE, None)
    found = _fitted(fit, path.stem, append_metadata(content, metadata))
    write_bytes(path, append_metadata(content, metadata | found))
    return dict(found["fitted"])


def _precision(name: str) -> Precision:
    row = find_precision(name)
    if row.name not in TOLERANCES:
        raise UsageError(f"a finder is exported as {', '.join(TOLERANCES)}, not as {row.name}")
    return row


def _compare(network: Any, complete: bytes, levels: FinderLevels, tolerance: FinderTolerance) -> FinderParity:
    with _draft(network.name, complete) as draft:
        copy = FinderNetwork(draft)
    return compare_finders(finder_outputs(network, levels.validation), map(copy, levels.validation), tolerance)


def _fitted(fit: Fit, name: str, complete: bytes) -> dict[str, Any]:
    """The metadata of a confidence that is fitted with a file of that content."""
    with _draft(name, complete) as draft:
        confidence, fitted = fit(draft)
    return confidence.to_metadata() | {"fitted": fitted}


@contextmanager
def _draft(name: str, content: bytes) -> Iterator[Path]:
    """A file with that content, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"{name}.tflite"
        draft.write_bytes(content)
        yield draft


def _golden(complete: bytes, name: str, row: Precision) -> dict[str, Any]:
    """The metadata of one golden vector: a drawn frame, much like a 0, on the smallest picture that the file takes."""
    margin = (MULTIPLE - SIDE) // 2
    images = np.pad(drawn_figures()[FRAME], margin)[None]
    outputs, runtime = outputs_in_front(complete, name, images)
    return {KEY: Golden(images, outputs, None, row.golden_tolerance, runtime.label).to_metadata()}
