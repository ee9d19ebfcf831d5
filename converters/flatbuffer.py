"""TensorFlow's converter, set up by a row of `PRECISIONS` and kept quiet."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge import native_stderr
from mnist_edge.child_process import run_module
from mnist_edge.converters.balance import balanced
from mnist_edge.converters.compact import compact
from mnist_edge.converters.keras_source import MOST_STEPS, for_device, is_opaque, looping
from mnist_edge.converters.precisions import Precision, find_precision
from mnist_edge.converters.stem import one_channel_in_blocks
from mnist_edge.errors import ModelError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.runtime import build_interpreter
from mnist_edge.safe_text import quoted
from mnist_edge.tflite_graph import Operator, read_graph
from mnist_edge.training_stack import load_tensorflow, without_prints
from mnist_edge.untrusted import MAX_REASON

Images = NDArray[np.float32]
# The seams between float and integer, where the input or the output is float.
_SEAMS = ("QUANTIZE", "DEQUANTIZE")
# A conversion takes seconds; TensorFlow alone takes some 20 s to import on a Raspberry Pi.
CHILD_SECONDS = 900.0


def make_converter(model: Any, precision: Precision, io: str, images: Images | None) -> Any:
    """A `tf.lite.TFLiteConverter`, ready to convert.

    Args:
        model: As `for_device` gives it, which must last until the conversion is done.
        precision: What to make of it.
        io: One of `precision.io`.
        images: Representative images as `representative_images` draws them; needed where `precision.calibrated`.
    """
    return set_up(load_tensorflow().lite.TFLiteConverter.from_keras_model(model), precision, io, images)


def set_up(converter: Any, precision: Precision, io: str, images: Images | None) -> Any:
    """Set a converter up as `make_converter` does, and return it."""
    tensorflow = load_tensorflow()
    target = converter.target_spec
    target.supported_ops = [getattr(tensorflow.lite.OpsSet, precision.operator_set)]
    if precision.optimised:
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if precision.weights_type:
        target.supported_types = [getattr(tensorflow, precision.weights_type)]
    if not precision.dense_per_channel:
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if precision.calibrated and images is not None:
        converter.representative_dataset = lambda: one_at_a_time(images)
    converter.inference_input_type = converter.inference_output_type = getattr(tensorflow, io)
    return converter


def one_at_a_time(images: Images) -> Iterator[list[Images]]:
    """Images as the converter takes them: a list with one image, as a batch of one, each."""
    for image in images:
        yield [image[None]]


def to_flatbuffer(
    model: Any, precision: Precision, io: str, images: Images | None, shape: tuple[int, int, int] = (28, 28, 1)
) -> bytes:
    """Convert, check that what should be integer is, and leave out what no runtime needs.

    Args:
        model: As `load_source` gives it.
        precision: What to make of it.
        io: One of `precision.io`.
        images: Representative images; needed where `precision.calibrated`.
        shape: Of an image.

    Raises:
        ModelError: TensorFlow cannot convert it, or left an operator in floating point.
    """
    if precision.calibrated and (layer := looping(model)):
        raise ModelError(
            f"{model.name} cannot be converted to {precision.name}: layer {quoted(layer)} takes more than {MOST_STEPS} "
            "steps, and a loop has no integers; use --quantize dynamic"
        )
    convert_one = convert_apart if precision.calibrated and is_opaque(model) else _convert
    rounded = balanced(model) if precision.integer else nullcontext()
    # TensorFlow 2.21 has no SPACE_TO_DEPTH of 16 bits.
    blocks = nullcontext() if "INT16" in precision.operator_set else one_channel_in_blocks(model._flatten_layers())
    with native_stderr.silenced(), without_prints(), rounded, blocks, for_device(model, shape) as network:
        try:
            with interrupts_held():
                content = convert_one(network, precision, io, images)
        except ModelError:
            raise
        # The converter raises its own ConverterError, ValueError, RuntimeError and more, by the layer it fails on.
        except Exception as error:
            raise ModelError(
                f"{model.name} cannot be converted to {precision.name} ({_first_line(error)}); "
                "--verbose shows what the converter says"
            ) from error
    if precision.integer:
        _check_integer(content, model.name, precision, io)
    return compact(content)


def _convert(model: Any, precision: Precision, io: str, images: Images | None) -> bytes:
    return bytes(make_converter(model, precision, io, images).convert())


def convert_apart(model: Any, precision: Precision, io: str, images: Images | None) -> bytes:
    """Convert in a child process, since some graphs kill the converter.

    Args:
        model: As `for_device` gives it.
        precision: As `make_converter` takes it.
        io: Likewise.
        images: Likewise.

    Raises:
        ModelError: The converter refuses it, or dies.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, drawn, made = (Path(folder) / name for name in ("model", "images.npy", "made.tflite"))
        model.export(source, verbose=False)
        if images is not None:
            np.save(drawn, images)
        child = run_module(__name__, str(source), precision.name, io, str(drawn), str(made), timeout_s=CHILD_SECONDS)
        if child.failure:
            reason = shorten(child.failure, MAX_REASON)
            raise ModelError(f"{model.name} cannot be converted to {precision.name} (the converter: {reason})")
        return made.read_bytes()


def _main(source: str, precision: str, io: str, drawn: str, made: str) -> None:
    images = np.load(drawn) if Path(drawn).exists() else None
    converter = load_tensorflow().lite.TFLiteConverter.from_saved_model(source)
    Path(made).write_bytes(set_up(converter, find_precision(precision), io, images).convert())


def _check_integer(content: bytes, name: str, precision: Precision, io: str) -> None:
    interpreter, _ = build_interpreter(content, name)
    floats = [operator for operator in read_graph(interpreter) if _computes_in_float(operator, io)]
    if floats:
        found = ", ".join(f"{operator.name} ({operator.outputs[0].name})" for operator in floats)
        raise ModelError(
            f"{name} is not fully integer as {precision.name}: {found} stayed in floating point; use --quantize dynamic"
        )


def _computes_in_float(operator: Operator, io: str) -> bool:
    if io == "float32" and operator.name in _SEAMS:
        return False
    return any(tensor.dtype.startswith("float") for tensor in (*operator.inputs, *operator.outputs))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    _main(*sys.argv[1:])
