"""Conversion of a finder: a trained Keras model and ink levels in, a `.tflite` that takes any size out."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mnist_edge
from mnist_edge.atomic_files import refuse_overwrite, write_bytes
from mnist_edge.classes import DIGITS
from mnist_edge.compat import runtimes_of
from mnist_edge.confidence import KEY as CONFIDENCE
from mnist_edge.confidence import Confidence
from mnist_edge.converters.finder_parity import FinderParity, FinderTolerance, compare_finders
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import FRAME, drawn_figures
from mnist_edge.converters.keras_source import check_weights, keras_path, load_network
from mnist_edge.converters.precisions import Precision, choose_io, find_precision
from mnist_edge.detection import CHANNELS, MULTIPLE, STRIDE, Floats
from mnist_edge.errors import DataError, ModelError, UsageError
from mnist_edge.finder_network import FinderNetwork
from mnist_edge.finder_output import OutputScaling
from mnist_edge.golden import KEY, Golden, outputs_in_front
from mnist_edge.metadata import append_metadata, read_metadata, strip_metadata
from mnist_edge.model_file import Kind
from mnist_edge.normalisation import SIDE
from mnist_edge.run_folders import METRICS, read_run
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import FINDER, find_shipped, is_shipped
from mnist_edge.tflite_graph import count_macs, operators
from mnist_edge.training_stack import load_keras, load_tensorflow

# Lowest score that anything asks for: where a cell has less, what else its output says does not count.
LEAST_SCORE = 0.01
# Of each channel where a digit may be, these shares of the values lie below and above what is clipped, and so much of
# the range between is added on both sides.
CLIPPED, MARGIN = 0.001, 0.1
# What a copy must keep. Two detections that score nearly the same may change places in non-maximum suppression.
TOLERANCES = {
    "float32": FinderTolerance(0.995, 0.99),
    "float16": FinderTolerance(0.98, 0.97),
    "int8": FinderTolerance(0.90, 0.88),
}
# Pixels of the picture that multiply-accumulates are stated for.
WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True, slots=True, eq=False)
class FinderLevels:
    """Ink levels to calibrate and to compare with, of pages.

    Attributes:
        training: Shape (n, side, side), uint8; the side is a multiple of 32.
        validation: Shape (m, side, side), uint8, of pages with other digits.
        data: Names the digits on the pages: `data`, `sha256`, and the `seed` of the pages.
    """

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]
    data: dict[str, Any]


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
    return _is_finder(load_network(path))


def convert_finder(
    model: Any,
    precision: str,
    *,
    io: str | None = None,
    levels: FinderLevels | None = None,
    fit: Callable[[Path], tuple[Confidence, dict[str, Any]]] | None = None,
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
        fit: Fits the confidence of a file and a classifier, and says how well pages are read with it.
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
    if not _is_finder(network):
        raise ModelError(f"{network.name} is no finder: {_shapes(network)}; a finder gives {4 * CHANNELS} channels")
    check_weights(network)
    if levels is None and row.calibrated:
        raise DataError(f"{row.name} needs representative ink levels; name a data set with --data")
    path = output or _beside(model, f"{network.name}.{row.name}.tflite")
    refuse_overwrite(path, force)
    content, scaling = _flatbuffer(network, row, io, levels)
    metadata = _metadata(network.name, row, io, content, scaling) | {"training": _training(model)}
    calibration = levels.data | {"images": len(levels.training), "split": "training"} if levels and scaling else None
    parity = _compare(network, append_metadata(content, metadata), levels, TOLERANCES[row.name]) if levels else None
    if parity and not keep:
        parity.raise_if_failed("it was not written; --keep writes it all the same")
    compared = levels.data | {"split": "validation"} | parity.to_json() if levels and parity else None
    metadata |= {"calibration": calibration, "parity": compared}
    fitted = None
    if fit:
        with _draft(network.name, append_metadata(content, metadata)) as draft:
            confidence, fitted = fit(draft)
        metadata |= confidence.to_metadata() | {"fitted": fitted}
    golden = _golden(append_metadata(content, metadata), path.name, row)
    complete = append_metadata(content, metadata | {KEY: golden.to_metadata()})
    write_bytes(path, complete)
    return ExportedFinder(
        path=path, model=network.name, precision=row.name, io=io, size_bytes=len(complete),
        operators=operators(build_interpreter(content, path.name)[0]), macs=metadata["macs"],
        runtimes=runtimes_of(path), calibration=calibration, parity=parity, fitted=fitted,
    )  # fmt: skip


def refit(path: Path, fit: Callable[[Path], tuple[Confidence, dict[str, Any]]]) -> dict[str, Any]:
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
    with _draft(path.stem, append_metadata(content, metadata)) as draft:
        confidence, fitted = fit(draft)
    write_bytes(path, append_metadata(content, metadata | confidence.to_metadata() | {"fitted": fitted}))
    return fitted


def choose_scaling(outputs: Floats) -> OutputScaling:
    """The ranges that the 256 steps of each channel are spread over.

    Args:
        outputs: Of the network as trained, shape (..., 60).
    """
    cells = outputs.reshape(-1, CHANNELS)
    lowest = np.log(LEAST_SCORE / (1 - LEAST_SCORE))
    # An untrained network may find nothing at all.
    sure = cells[cells[:, 0] > lowest] if (cells[:, 0] > lowest).any() else cells
    low, high = np.quantile(sure, [CLIPPED, 1 - CLIPPED], axis=0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    # Scores decide which of two detections stays: none is clipped above.
    low[0], high[0] = lowest, max(sure[:, 0].max(), lowest + 1)
    return OutputScaling(((low + high) / 2).astype(np.float32), np.maximum((high - low) / 2, 1e-3).astype(np.float32))


def _precision(name: str) -> Precision:
    row = find_precision(name)
    if row.name not in TOLERANCES:
        raise UsageError(f"a finder is exported as {', '.join(TOLERANCES)}, not as {row.name}")
    return row


def _is_finder(network: Any) -> bool:
    taken, given = (getattr(network, name, None) for name in ("input_shape", "output_shape"))
    if not isinstance(taken, tuple) or not isinstance(given, tuple):
        return False
    return len(taken) == len(given) == 4 and (taken[3], given[3]) == (1, 4 * CHANNELS)


def _shapes(network: Any) -> str:
    taken, given = (getattr(network, name, "what is unknown") for name in ("input_shape", "output_shape"))
    return f"it maps {taken} to {given}"


def _flatbuffer(
    network: Any, row: Precision, io: str, levels: FinderLevels | None
) -> tuple[bytes, OutputScaling | None]:
    """The graph without metadata, and how its output is scaled where it is quantised."""
    if not row.calibrated or levels is None:
        return to_flatbuffer(network, row, io, None, (8 * MULTIPLE, 8 * MULTIPLE, 1)), None
    inputs = _inputs(levels.training)
    # A step of the input is one of the ink level, whatever ink these levels have.
    inputs[0, 0, 0] = 1
    scaling = choose_scaling(_outputs(network, levels.training))
    return to_flatbuffer(_scaled(network, scaling), row, io, inputs, inputs.shape[1:]), scaling


def _scaled(network: Any, scaling: OutputScaling) -> Any:
    """The same network with outputs from -1 to 1, which the converter folds into its last convolution."""
    keras = load_keras()
    image = keras.Input(network.input_shape[1:])
    scale, offset = 1 / scaling.halves, -scaling.middles / scaling.halves
    scaled = keras.layers.Rescaling(np.tile(scale, 4), np.tile(offset, 4))(network(image))
    return keras.Model(image, keras.ops.clip(scaled, -1.0, 1.0), name=network.name)


def _inputs(levels: NDArray[np.uint8]) -> Floats:
    return levels[..., None].astype(np.float32) / np.float32(255)


def _outputs(network: Any, levels: NDArray[np.uint8]) -> Floats:
    return np.asarray(network.predict(_inputs(levels), batch_size=16, verbose=0), np.float32)


def _compare(network: Any, complete: bytes, levels: FinderLevels, tolerance: FinderTolerance) -> FinderParity:
    with _draft(network.name, complete) as draft:
        copy = FinderNetwork(draft)
    return compare_finders(_outputs(network, levels.validation), map(copy, levels.validation), tolerance)


@contextmanager
def _draft(name: str, content: bytes) -> Iterator[Path]:
    """A file with that content, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"{name}.tflite"
        draft.write_bytes(content)
        yield draft


def _golden(complete: bytes, name: str, row: Precision) -> Golden:
    """What the file makes of one drawn frame, which is much like a 0, on the smallest picture that it takes."""
    margin = (MULTIPLE - SIDE) // 2
    images = np.pad(drawn_figures()[FRAME], margin)[None]
    outputs, runtime = outputs_in_front(complete, name, images)
    return Golden(images, outputs, None, row.golden_tolerance, runtime.label)


def _metadata(name: str, row: Precision, io: str, content: bytes, scaling: OutputScaling | None) -> dict[str, Any]:
    """Describe a finder as it is stored, apart from what is measured with it."""
    interpreter, _ = build_interpreter(content, name)
    tensor = interpreter.get_input_details()[0]
    scale, zero_point = tensor["quantization"]
    height, width = (int(side) for side in tensor["shape"][1:3])
    output = {"meaning": "of 2x2 cells a place: score and digits as logits, box; see mnist_edge.detection"}
    return {
        "kind": Kind.FINDER.value,
        "name": name,
        "recipe": FINDER,
        "precision": row.name,
        "io": io,
        "labels": list(DIGITS),
        "input": {
            "shape": [1, height, width, 1],
            "sizes": f"any multiples of {MULTIPLE}",
            "meaning": "0 = paper, 1 = full ink: ink level / 255",
            "dtype": io,
            "scale": float(scale),
            "zero_point": int(zero_point),
        },
        "output": {"stride": 2 * STRIDE, **output, **(scaling.to_metadata() if scaling else {})},
        # All of its layers are convolutions, so that they grow as the picture does.
        "macs": count_macs(interpreter) * WIDTH * HEIGHT // (width * height),
        "macs_for": f"{WIDTH}x{HEIGHT}",
        "versions": {
            "mnist-edge": mnist_edge.__version__,
            "tensorflow": load_tensorflow().__version__,
            "keras": load_keras().__version__,
        },
    }


def _training(model: Any) -> dict[str, Any] | None:
    """What the run folder records of the training, or the file that ships; None where nothing does."""
    if not isinstance(model, str | Path):
        return None
    path = keras_path(model)
    if is_shipped(path):
        found: dict[str, Any] | None = read_metadata(find_shipped(path.stem).default).get("training")
        return found
    run = read_run(path.parent, (METRICS,))
    if not run:
        return None
    data = run.get("data") or {}
    return {
        "data": data.get("name"),
        "sha256": data.get("sha256"),
        "pages": run.get("training_pages"),
        "epochs": len(run.get("epochs") or ()),
        "seed": run.get("seed"),
    }


def _beside(model: Any, name: str) -> Path:
    if not isinstance(model, str | Path):
        raise UsageError("a model in memory has no folder to write to; say where with output=")
    path = keras_path(model)
    return Path(name) if is_shipped(path) else path.parent / name
