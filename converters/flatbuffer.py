"""TensorFlow's converter, set up by a row of `PRECISIONS` and kept quiet."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge import native_stderr
from mnist_edge.converters.balance import balanced
from mnist_edge.converters.compact import compact
from mnist_edge.converters.keras_source import for_device
from mnist_edge.converters.precisions import Precision
from mnist_edge.errors import ModelError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.runtime import build_interpreter
from mnist_edge.tflite_graph import Operator, read_graph
from mnist_edge.training_stack import load_tensorflow, without_prints

Images = NDArray[np.float32]
# The seams between float and integer, where the input or the output is float.
_SEAMS = ("QUANTIZE", "DEQUANTIZE")


def make_converter(model: Any, precision: Precision, io: str, images: Images | None) -> Any:
    """A `tf.lite.TFLiteConverter`, ready to convert.

    Args:
        model: As `for_device` gives it, which must last until the conversion is done.
        precision: What to make of it.
        io: One of `precision.io`.
        images: Representative images as `representative_images` draws them; needed where `precision.calibrated`.
    """
    tensorflow = load_tensorflow()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
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
    rounded = balanced(model) if precision.integer else nullcontext()
    with native_stderr.silenced(), without_prints(), rounded, for_device(model, shape) as network:
        try:
            with interrupts_held():
                content = bytes(make_converter(network, precision, io, images).convert())
        # The converter raises its own ConverterError, ValueError, RuntimeError and more, by the layer it fails on.
        except Exception as error:
            raise ModelError(
                f"{model.name} cannot be converted to {precision.name} ({_first_line(error)}); "
                "--verbose shows what the converter says"
            ) from error
    if precision.integer:
        _check_integer(content, model.name, precision, io)
    return compact(content)


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
