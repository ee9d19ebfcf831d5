"""What people do without us: TensorFlow's converter alone, and TensorFlow's own answers of any file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.training_stack import load_keras, load_tensorflow

# Images that plain TensorFlow is given at once where the network does not say how many.
CHUNK = 1_000


def answers(call: Callable[[Any], Any], shown: Any, batch: int | None = None) -> NDArray[np.intp]:
    """Return the classes, shape (n,), that plain TensorFlow gives.

    Args:
        call: Runs the network: from images to its outputs, of whatever structure.
        shown: Images as the network takes them, shape (n, ...).
        batch: As in `brought_forms.Form`.
    """
    size, said = CHUNK if batch is None else max(batch, 1), []
    for start in range(0, len(shown), size):
        part = shown[start : start + size]
        filled = part[np.arange(size) % len(part)]
        outputs = load_tensorflow().nest.flatten(call(filled if batch != 0 else filled[0]))
        (classes,) = (np.asarray(one) for one in outputs if np.size(one) == 10 * size)
        said.append(classes.reshape(size, 10)[: len(part)].argmax(axis=1))
    return np.concatenate(said)


def answers_of_file(path: Path, shown: Any, batch: int | None = None) -> NDArray[np.intp]:
    """Return what plain TensorFlow makes of a file, as `answers` does."""
    tensorflow = load_tensorflow()
    if path.suffix == ".tflite":
        return answers(_interpreted(path), shown, batch)
    if path.is_dir():
        saved = tensorflow.saved_model.load(str(path)).signatures["serving_default"]
        return answers(lambda images: saved(tensorflow.constant(images)), shown, batch)
    network = load_keras().models.load_model(path, compile=False)
    # One image at a time is too slow without a graph, and a graph takes no name with spaces.
    return answers(tensorflow.function(lambda images: network(images)) if batch else network, shown, batch)


def _interpreted(path: Path) -> Callable[[Any], Any]:
    """TensorFlow's own interpreter, given images as whoever made the file gives them."""
    interpreter = load_tensorflow().lite.Interpreter(str(path))
    taken = interpreter.get_input_details()[0]
    scale, zero = taken["quantization"]

    def call(images: Any) -> Any:
        if images.shape != tuple(interpreter.get_input_details()[0]["shape"]):
            interpreter.resize_tensor_input(taken["index"], images.shape)
        interpreter.allocate_tensors()
        if scale:
            span = np.iinfo(taken["dtype"])
            images = np.clip(np.rint(images / scale + zero), span.min, span.max)
        interpreter.set_tensor(taken["index"], images.astype(taken["dtype"]))
        interpreter.invoke()
        return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]

    return call


def write_tflite(network: Any, path: Path, images: NDArray[Any] | None = None, io: str = "float32") -> Path:
    """Convert by TensorFlow's converter alone, as tutorials have it.

    Args:
        network: Of Keras, or a function of TensorFlow (`brought_forms.Form.graph`).
        path: The file to write.
        images: Representative images, as the network takes them; the file is integer where they are given.
        io: Type of its input and output.
    """
    tensorflow = load_tensorflow()
    made = tensorflow.lite.TFLiteConverter
    if isinstance(network, load_keras().Model):
        converter = made.from_keras_model(network)
    else:
        converter = made.from_concrete_functions([network.get_concrete_function()], network)
    if images is not None:
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.inference_input_type = converter.inference_output_type = getattr(tensorflow, io)
    path.write_bytes(converter.convert())
    return path
