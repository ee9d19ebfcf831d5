"""The Keras model that is to be converted: loaded, checked, and set up for a device."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.errors import ModelError, UsageError
from mnist_edge.keras_files import load_keras_model
from mnist_edge.keras_network import digit_network, layers_of
from mnist_edge.pixels import Pixels
from mnist_edge.safe_text import quoted
from mnist_edge.shipped_models import is_keras, is_shipped, resolve_weights
from mnist_edge.training_stack import load_keras

# Of a recurrent layer whose loop is written out: rows of an image, not its pixels one by one.
MOST_STEPS = 64


def keras_path(model: str | Path) -> Path:
    """The Keras file behind MODEL: that file, the run folder that holds it, or the weights of a model that ships.

    Raises:
        ModelError: There is none, or MODEL is a `.tflite` already.
    """
    path = resolve_weights(model)
    if not is_keras(path):
        raise ModelError(
            f"{path} is no Keras model; give the .keras or .h5 file, the SavedModel, the run folder that was trained, "
            "or the bare name of a model that ships with its weights"
        )
    return path


def beside(model: Any, name: str) -> Path:
    """Where a file made of a model goes unless told: beside it, or into the current folder where it ships."""
    if not isinstance(model, str | Path):
        raise UsageError("a model in memory has no folder to write to; say where with output=")
    path = keras_path(model)
    return Path(name) if is_shipped(path) else path.parent / name


def load_source(model: Any, trained_on: Pixels | None = None, classes: int | None = 10) -> Any:
    """A Keras model that can be converted, completed by `digit_network`.

    Args:
        model: A `.keras` or `.h5` file, a run folder, the name of a model that ships, or a Keras model in memory.
        trained_on: As `digit_network` takes it.
        classes: Likewise.

    Raises:
        ModelError: It cannot be loaded, it is no digit model, or its weights hold NaN or infinity; names the layer.
    """
    model = load_network(model)
    network = digit_network(model, trained_on, classes)
    check_weights(model)
    return network


def load_network(model: Any) -> Any:
    """A Keras model on TensorFlow, whatever it is for, from what `load_source` takes.

    Raises:
        ModelError: It cannot be loaded, or Keras runs on another backend.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"conversion needs Keras on TensorFlow, not on {keras.backend.backend()}; unset KERAS_BACKEND for it"
        )
    return load_keras_model(keras_path(model)) if isinstance(model, str | Path) else model


@contextmanager
def for_device(model: Any, shape: tuple[int, int, int] = (28, 28, 1)) -> Iterator[Any]:
    """The same network, sharing its weights, as the converter takes it while the block lasts.

    Its batch is one, which keeps SHAPE, STRIDED_SLICE and PACK out of the graph, and all layers compute in float32,
    also those that were trained in float16. Recurrent layers have all their steps in the graph: a loop has no integer
    form, and kills the converter where it is to find its ranges (TensorFlow 2.21).

    Args:
        model: As `load_source` gives it.
        shape: Of an image.
    """
    keras = load_keras()
    # The public `layers` leave out the models that hold them, and those cast their input too.
    layers = list(model._flatten_layers())
    policies = [(layer, layer.dtype_policy) for layer in layers]
    loops = [layer for layer in layers if isinstance(layer, keras.layers.RNN) and not layer.unroll]
    try:
        for layer in layers:
            layer.dtype_policy = "float32"
        for layer in loops:
            layer.unroll = _steps(layer) <= MOST_STEPS
        image = keras.Input(shape, batch_size=1, name="image")
        yield keras.Model(image, model(image), name=model.name)
    finally:
        for layer in loops:
            layer.unroll = False
        for layer, policy in policies:
            layer.dtype_policy = policy


def _steps(layer: Any) -> int:
    # Of shape (batch, steps, values); an image's rows are fixed.
    return int(layer.input.shape[1] or 0) if layer._inbound_nodes else 0


def looping(model: Any) -> str | None:
    """Name a recurrent layer that stays a loop in `for_device`; None where there is none."""
    keras = load_keras()
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN) and not layer.unroll and _steps(layer) > MOST_STEPS:
            return str(layer.name)
    return None


def is_opaque(model: Any) -> bool:
    """Whether a model has parts that show no layers of Keras: functions, classes of one's own, a SavedModel's graph."""
    known = [type(layer).__module__.startswith("keras.") for layer in model._flatten_layers()]
    hidden = {"Lambda", "TFSMLayer", "JaxLayer", "TorchModuleWrapper"}
    return not all(known) or any(type(layer).__name__ in hidden for layer in model._flatten_layers())


def check_weights(model: Any) -> None:
    """Raise `ModelError`, which names the layer, if a weight is NaN or infinite."""
    for layer in layers_of(model):
        for weight in layer.weights:
            values = np.asarray(weight)
            broken = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
            if broken:
                raise ModelError(
                    f"{model.name}: layer {quoted(layer.name)} has NaN or infinity in {broken} of {values.size} values "
                    f"of its {weight.name}; train it again, with a smaller learning rate if the loss became NaN"
                )
