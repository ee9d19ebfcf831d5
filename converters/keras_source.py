"""The Keras model that is to be converted: loaded, checked, and rebuilt for a device."""

from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.errors import ModelError
from mnist_edge.evaluate import load_keras_model
from mnist_edge.shipped import resolve_weights
from mnist_edge.training_stack import load_keras, load_tensorflow


def keras_path(model: str | Path) -> Path:
    """The `.keras` file behind MODEL: that file, the run folder that holds it, or the weights of a model that ships.

    Raises:
        ModelError: There is none, or MODEL is a `.tflite` already.
    """
    path = resolve_weights(model)
    if path.suffix != ".keras":
        raise ModelError(
            f"{path} is no Keras model; give the .keras file, the run folder that was trained, or the bare name of a "
            "model that ships with its weights"
        )
    return path


def load_source(model: Any) -> Any:
    """A Keras model that can be converted.

    Args:
        model: A `.keras` file, a run folder, the name of a model that ships, or a Keras model in memory.

    Raises:
        ModelError: It cannot be loaded, its shapes are not a digit model's, or its weights hold NaN or infinity;
            names the layer.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"conversion needs Keras on TensorFlow, not on {keras.backend.backend()}; unset KERAS_BACKEND for it"
        )
    if isinstance(model, str | Path):
        model = load_keras_model(keras_path(model))
    _check_shapes(model)
    _check_weights(model)
    return model


def for_device(model: Any) -> Any:
    """The same network, sharing its weights, as a device wants it.

    The batch is fixed at one, which keeps SHAPE, STRIDED_SLICE and PACK out of the graph, yet layers that reshape
    leave it open, so that a runtime can resize the input to any batch.

    Args:
        model: As `load_source` gives it.
    """
    keras = load_keras()
    free_batch = _free_batch(keras)

    def rebuilt(layer: Any) -> Any:
        if isinstance(layer, keras.layers.Flatten | keras.layers.Reshape):
            return free_batch(tuple(layer.output.shape[1:]), layer.name)
        return layer

    image = keras.Input((28, 28, 1), batch_size=1, name="image")
    return keras.models.clone_model(model, input_tensors=image, clone_function=rebuilt)


def _free_batch(keras: Any) -> Any:
    """A layer class that reshapes and leaves the batch open."""
    tensorflow = load_tensorflow()

    class FreeBatch(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, target: tuple[int, ...], name: str) -> None:
            super().__init__(name=name)
            self.target = target

        def call(self, inputs: Any) -> Any:
            return tensorflow.reshape(inputs, (-1, *self.target))

    return FreeBatch


def _check_shapes(model: Any) -> None:
    if len(model.inputs) != 1 or tuple(model.inputs[0].shape[1:]) != (28, 28, 1):
        found = ", ".join(f"{tensor.name!r} takes {tuple(tensor.shape)}" for tensor in model.inputs)
        raise ModelError(f"{model.name}: input layer {found}; a digit model takes (None, 28, 28, 1)")
    if len(model.outputs) != 1 or tuple(model.outputs[0].shape[1:]) != (10,):
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in model.outputs)
        raise ModelError(
            f"{model.name}: output layer {output_layer(model)!r} gives {shapes}; a digit model gives (None, 10)"
        )


def output_layer(model: Any) -> str:
    """Name of the layer that computes the output."""
    return str(model.layers[-1].name)


def _check_weights(model: Any) -> None:
    for layer in model.layers:
        for weight in layer.weights:
            values = np.asarray(weight)
            broken = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
            if broken:
                raise ModelError(
                    f"{model.name}: layer {layer.name!r} has NaN or infinity in {broken} of {values.size} values "
                    f"of its {weight.name}; train it again, with a smaller learning rate if the loss became NaN"
                )
