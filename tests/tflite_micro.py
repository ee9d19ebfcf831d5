"""TensorFlow Lite Micro, the runtime of microcontrollers, on this computer: what its package on PyPI has."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.flatbuffer_view import before_softmax
from mnist_edge.metadata import strip_metadata
from mnist_edge.optional_packages import installed_version
from mnist_edge.tensors import as_input, quantise

with_micro = pytest.mark.skipif(
    installed_version("tflite-micro") is None, reason="tflite-micro is not installed; it has wheels for x86-64 alone"
)
# Bytes; more than any network of the tests needs.
ARENA = 1 << 20


def micro_interpreter(content: bytes, arena: int = ARENA) -> Any:
    """An interpreter of `arena` bytes; raises RuntimeError where it cannot be."""
    from tflite_micro import runtime

    return runtime.Interpreter.from_bytes(content, arena_size=arena)


def micro_outputs(
    content: bytes, images: NDArray[np.uint8], *, in_front: bool = False, arena: int = ARENA
) -> NDArray[np.float64]:
    """What it makes of images, shape (n, 28, 28): as the tensor has it, shape (n, values), of each.

    `in_front` of the last softmax, else behind.
    """
    graph = strip_metadata(content)
    interpreter = micro_interpreter((in_front and before_softmax(graph)) or graph, arena)
    taken = interpreter.get_input_details(0)
    scaling = taken["quantization_parameters"]
    scale, zero_point = (scaling[key][0] if len(scaling[key]) else 0 for key in ("scales", "zero_points"))
    values = quantise(as_input(images), {"dtype": taken["dtype"], "quantization": (scale, zero_point)})
    rows = []
    for image in values:
        interpreter.set_input(image[None], 0)
        interpreter.invoke()
        rows.append(np.array(interpreter.get_output(0), np.float64).ravel())
    return np.stack(rows)
