"""Golden vectors: a few inputs that a model's file carries, with what it computed from them where it was made.

A runtime that loads a file and computes something else shows by numbers alone. Two sound runtimes may round an integer
convolution differently, which is one quantum at the last layer. A softmax behind it magnifies that to a dozen of its
own quanta where the network is unsure, and hides whole wrong logits where it is sure. So the numbers are compared in
front of the softmax, and behind it the decisions.
"""

import base64
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import ModelError
from mnist_edge.flatbuffer_view import before_softmax
from mnist_edge.metadata import strip_metadata
from mnist_edge.runtime import Runtime, build_interpreter
from mnist_edge.tensors import pixel_range, quantise
from mnist_edge.untrusted import errors_as

KEY = "golden"
# The decision on an image that is refused as no digit.
REFUSED = -1
# Of outputs in floating point, whose tolerance is 100 times as much.
DECIMALS = 5
_GREY = np.arange(256, dtype=np.float32) / np.float32(255)


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Inputs, and what a sound runtime makes of them.

    Attributes:
        images: Shape (n, height, width), uint8: what the network's `__call__` or `probabilities` takes.
        outputs: Shape (n, values), as `outputs_in_front` gives them.
        decisions: Shape (n,): the digit, or `REFUSED`; None for a network that decides nothing by itself.
        tolerance: Largest difference of an output, in its own unit: quanta where it is quantised.
        runtime: Name and version of the runtime that computed them.
    """

    images: NDArray[np.uint8]
    outputs: NDArray[np.float64]
    decisions: NDArray[np.int64] | None
    tolerance: float
    runtime: str

    def to_metadata(self) -> dict[str, Any]:
        """What a file's metadata has under `KEY`: plain numbers, but for the images."""
        whole = bool((self.outputs == np.rint(self.outputs)).all())
        outputs = self.outputs.astype(int) if whole else self.outputs.round(DECIMALS)
        return {
            "shape": list(self.images.shape),
            **_packed(self.images),
            "outputs": outputs.tolist(),
            "decisions": None if self.decisions is None else self.decisions.tolist(),
            "tolerance": self.tolerance,
            "runtime": self.runtime,
        }


def golden_of(metadata: dict[str, Any], name: str) -> Golden | None:
    """Get the golden vectors from a file's metadata; None where there are none. `name` is the file's, for the message.

    Raises:
        ModelError: They make no sense.
    """
    found = metadata.get(KEY)
    if found is None:
        return None
    with errors_as(ModelError, name, "export it again with: mnist-edge export"):
        images = _unpacked(found, [int(side) for side in found["shape"]])
        outputs = np.array(found["outputs"], np.float64)
        decisions = None if found["decisions"] is None else np.array(found["decisions"], np.int64)
        tolerance = float(found["tolerance"])
        if images.ndim != 3 or outputs.ndim != 2 or not len(images) == len(outputs) > 0:
            raise ValueError(f"{images.shape} to {outputs.shape}")
        if decisions is not None and decisions.shape != (len(images),):
            raise ValueError(f"{decisions.shape} decisions on {len(images)} inputs")
        if not 0 <= tolerance < np.inf:
            raise ValueError(f"tolerance {tolerance}")
    return Golden(images, outputs, decisions, tolerance, str(found.get("runtime")))


def _packed(images: NDArray[np.uint8]) -> dict[str, str]:
    """Black and white images as a bit a pixel, in hexadecimal, which a zip packs best; others as bytes in base64."""
    ink = images == 255
    if (ink | (images == 0)).all():
        return {"bits": np.packbits(ink).tobytes().hex()}
    return {"pixels": base64.b64encode(images.tobytes()).decode()}


def _unpacked(found: dict[str, Any], shape: list[int]) -> NDArray[np.uint8]:
    if "bits" not in found:
        return np.frombuffer(base64.b64decode(found["pixels"], validate=True), np.uint8).reshape(shape)
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(found["bits"]), np.uint8))
    # The last byte is filled up with zeros.
    if not 0 <= len(bits) - prod(shape) < 8:
        raise ValueError(f"{len(bits)} bits for {shape}")
    return (bits[: prod(shape)] * np.uint8(255)).reshape(shape)


def outputs_in_front(
    content: bytes, name: str, images: NDArray[np.uint8], runtime: str | None = None
) -> tuple[NDArray[np.float64], Runtime]:
    """Compute a network's outputs in front of its last softmax; without one, those of the graph itself.

    Args:
        content: Of a `.tflite` of ours.
        name: Of the file, for messages.
        images: Shape (n, height, width), 0 = background, 255 = full ink.
        runtime: As `build_interpreter` takes it.

    Returns:
        Shape (n, values), as the tensor has them, so in quanta where it is quantised; and the runtime.

    Raises:
        ModelError: The graph is damaged, or no runtime here can run it.
        RuntimeMissing: There is no runtime, or not the one asked for.
    """
    graph = strip_metadata(content)
    with errors_as(ModelError, name, "copy or export it again"):
        graph = before_softmax(graph) or graph
    interpreter, used = build_interpreter(graph, name, runtime)
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    shape = tuple(int(side) for side in taken["shape"])
    background, full = pixel_range(taken)
    values = quantise(np.float32(background) + _GREY * np.float32(full - background), taken)[images]
    try:
        if prod(shape) != prod(images.shape[1:]):
            shape = (1, *images.shape[1:], 1)
            interpreter.resize_tensor_input(taken["index"], shape)
            interpreter.allocate_tensors()
        rows = []
        for image in values:
            interpreter.reset_all_variables()
            interpreter.set_tensor(taken["index"], image.reshape(shape))
            interpreter.invoke()
            rows.append(np.asarray(interpreter.get_tensor(given["index"]), np.float64).ravel())
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{name} cannot be run by {used.label}: {' '.join(str(error).split())}") from None
    return np.stack(rows), used
