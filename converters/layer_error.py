"""Where a conversion loses precision, layer by layer."""

import csv
import io
from pathlib import Path
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.converters.balance import balanced
from mnist_edge.converters.flatbuffer import make_converter, one_at_a_time
from mnist_edge.converters.keras_source import for_device, load_source
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.converters.representative import representative_images
from mnist_edge.dataset import Dataset
from mnist_edge.errors import UsageError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.metadata import read_metadata
from mnist_edge.pixels import pixels_of
from mnist_edge.safe_text import quoted, shortened
from mnist_edge.shipped_models import is_keras, resolve
from mnist_edge.training_stack import load_tensorflow, without_prints

# The only precision that TensorFlow's debugger can rebuild.
PRECISION = "int8"


def layer_errors(reference: str | Path, candidate: str | Path, data: Dataset) -> tuple[dict[str, Any], ...]:
    """Each layer's own quantization error: fed the same quantised input, how far int8 is from float.

    The candidate is converted anew from the reference with TensorFlow's QuantizationDebugger and the representative
    images that its metadata names.

    Args:
        reference: The `.keras` file or run folder that the candidate was exported from.
        candidate: An int8 `.tflite` written by `convert`.
        data: The data set that it was calibrated on.

    Returns:
        One row an operator, in the order of execution: `op`, `tensor`, `scale` (one quantum in real units),
        `zero_point`, `rmse` and `max_abs_error` in real units, `rmse_per_scale` (0.29, 1/sqrt(12), is pure rounding;
        well above 1 is a layer to look at).

    Raises:
        UsageError: The reference is no Keras model, the candidate is not int8, or the data is another.
    """
    keras = resolve(reference)
    calibration = _calibration(keras, resolve(candidate), data)
    model = load_source(keras, pixels_of(read_metadata(resolve(candidate))), len(data.classes))
    images = representative_images(data, calibration["images"], calibration["seed"])
    quiet = native_stderr.silenced(), without_prints()
    with quiet[0], quiet[1], balanced(model), for_device(model) as network, interrupts_held():
        debugger = load_tensorflow().lite.experimental.QuantizationDebugger(
            converter=make_converter(network, PRECISIONS[PRECISION], "float32", images),
            debug_dataset=lambda: one_at_a_time(images),
        )
        debugger.run()
        table = io.StringIO()
        debugger.layer_statistics_dump(table)
    table.seek(0)
    return tuple(_row(row) for row in csv.DictReader(table))


def _calibration(reference: Path, candidate: Path, data: Dataset) -> dict[str, Any]:
    if not is_keras(reference):
        raise UsageError(f"--layers needs the Keras model as reference, and {reference} is none")
    metadata = read_metadata(candidate)
    calibration = metadata.get("calibration")
    if metadata.get("precision") != PRECISION or not isinstance(calibration, dict):
        found = quoted(metadata.get("precision", "unknown"))
        raise UsageError(f"--layers needs a candidate exported with --quantize int8; that of {candidate} is {found}")
    if calibration["sha256"] != data.sha256:
        named = shortened(str(calibration["data"]))
        raise UsageError(
            f"--layers needs the data {candidate} was calibrated on, {named}, and this is {data.name}; "
            "name it with --data"
        )
    return calibration


def _row(row: dict[str, str]) -> dict[str, Any]:
    scale, rmse = float(row["scale"]), float(row["mean_squared_error"]) ** 0.5
    return {
        "op": row["op_name"],
        "tensor": row["tensor_name"],
        "scale": scale,
        "zero_point": int(row["zero_point"]),
        "rmse": rmse,
        "rmse_per_scale": rmse / scale,
        "max_abs_error": float(row["max_abs_error"]),
    }
