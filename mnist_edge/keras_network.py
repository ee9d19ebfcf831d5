"""Bring Keras models as people train them to one form: from 28x28 ink, 0 to 1, to probabilities."""

import re
import warnings
from collections.abc import Iterable, Iterator
from math import prod
from textwrap import shorten
from typing import Any

import numpy as np

from mnist_edge.classes import DIGITS, MAX_CLASSES, MIN_CLASSES
from mnist_edge.errors import ModelError, ModelWarning
from mnist_edge.image_form import IMAGE, ImageForm, image_form
from mnist_edge.output_kinds import OutputKind, probe_images, recognise
from mnist_edge.pixels import Pixels
from mnist_edge.safe_text import quoted
from mnist_edge.training_stack import load_keras
from mnist_edge.untrusted import MAX_REASON

_SOFTMAX = "appended_softmax"
# Shapes to try where a model of a user's own class does not declare its input.
_SHAPES = (IMAGE, (28, 28), (784,))
# A first layer that multiplies by this or less was made for pixels from 0 to 255: 1/255, 1/127.5, 1/128.
_SCALE_OF_BYTES = 1 / 64
# Terminal styles, in which Keras prints its errors.
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def digit_network(model: Any, trained_on: Pixels | None = None, classes: int | None = 10) -> Any:
    """Complete a network so that it maps images, shape (n, 28, 28, 1), 0 to 1, to probabilities, shape (n, classes).

    - Pixels: scaled to what it was trained on; where that is not given, an input of integers, or one behind a
      `Rescaling` or `Normalization` of 0 to 255, gets those.
    - Shape: images are resized and reshaped to what `mnist_edge.image_form` finds.
    - Outputs: of several the one that has the classes; where its values show no probabilities, a softmax is appended,
      with a `ModelWarning`.

    Args:
        model: A `keras.Model` of any kind: sequential, functional, nested, or of a class of its own.
        trained_on: What it takes for background and ink; None goes by its input and its first layers.
        classes: How many it must tell; None takes any number from 2 to 62.

    Returns:
        A `keras.Model` with the model's name and weights; the model itself where nothing was missing.

    Raises:
        ModelError: Its inputs or outputs have other shapes, or it cannot be called.
    """
    keras, name = load_keras(), str(model.name)
    inputs = _inputs(model)
    trained_on = trained_on or suggested_pixels(model)
    if any(tensor.dtype != "float32" for tensor in inputs):
        model = _in_float32(keras, model, inputs)
    image = keras.Input(IMAGE, name="image")
    pixels = image
    if trained_on != Pixels(0.0, 1.0):
        scale = trained_on.ink - trained_on.background
        pixels = keras.layers.Rescaling(scale, trained_on.background)(image)
    outputs, bare = _call(keras, model, inputs, pixels, classes)
    _check_outputs(model, outputs, classes)
    meaning = recognise(_outputs_of(keras.Model(image, outputs)))
    if meaning is OutputKind.PROBABILITIES:
        return model if bare and pixels is image else keras.Model(image, outputs, name=name)
    warnings.warn(f"{name} gives {meaning.value}, no probabilities; a softmax is appended", ModelWarning, stacklevel=2)
    if meaning is OutputKind.SCORES:
        outputs, _ = _call(keras, _without_sigmoid(keras, model), inputs, pixels, classes)
    # float32 also where the model computes in float16.
    return keras.Model(image, keras.layers.Softmax(name=_SOFTMAX, dtype="float32")(outputs), name=name)


def suggested_pixels(model: Any) -> Pixels:
    """Guess what a Keras model takes for background and ink: 0 and 1, or 255 by its input's type or first layers."""
    keras = load_keras()
    if _takes_integers(getattr(model, "inputs", None) or ()):
        return Pixels(0.0, 255.0)
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.Rescaling):
            return Pixels(0.0, 255.0 if np.abs(layer.scale).max() <= _SCALE_OF_BYTES else 1.0)
        if isinstance(layer, keras.layers.Normalization) and layer.mean is not None:
            # The mean of pixels from 0 to 1 is below 1.
            return Pixels(0.0, 255.0 if np.max(keras.ops.convert_to_numpy(layer.mean)) > 1 else 1.0)
        if layer.trainable_weights:
            break
    return Pixels(0.0, 1.0)


def softmax_appended(network: Any) -> bool:
    """Return whether `digit_network` appended a softmax."""
    return bool(network.layers[-1].name == _SOFTMAX)


def layers_of(model: Any) -> Iterator[Any]:
    """Yield all layers of a model in order, those of nested models in place of these."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from layers_of(layer)
        else:
            yield layer


def _inputs(model: Any) -> list[Any]:
    # A model of a user's own class has no symbolic inputs.
    inputs = list(getattr(model, "inputs", None) or ())
    if inputs and (len(inputs) > 1 or not image_form(inputs[0].shape[1:])):
        found = ", ".join(f"{quoted(tensor.name)} takes {tuple(tensor.shape)}" for tensor in inputs)
        raise ModelError(f"{model.name}: input layer {found}; a digit model takes (None, 28, 28, 1)")
    return inputs


def _in_float32(keras: Any, model: Any, inputs: list[Any]) -> Any:
    """Put the same layers behind an input of float32: a cast to integers would cut off fractions."""
    image = keras.Input(inputs[0].shape[1:], name="pixels")
    taken = image
    if not isinstance(model, keras.Sequential):
        # A list or a dictionary with one input stays that.
        taken = keras.tree.map_structure(lambda _: image, model.input)
    return keras.models.clone_model(model, input_tensors=taken, clone_function=lambda layer: layer)


def _takes_integers(inputs: Iterable[Any]) -> bool:
    return any(tensor.dtype.startswith(("int", "uint")) for tensor in inputs)


def _call(keras: Any, model: Any, inputs: list[Any], pixels: Any, classes: int | None) -> tuple[Any, bool]:
    """Call the model with symbolic pixels; returns its output, and whether that and the pixels are as they were."""
    forms = [image_form(shape) or ImageForm(IMAGE) for shape in [one.shape[1:] for one in inputs] or _SHAPES]
    for form in forms:
        try:
            outputs = model(form.layers(keras, pixels))
        # A user's own class may raise anything.
        except Exception as error:
            # Keras wraps that error into a page of text.
            reason = shorten(_COLOUR.sub("", str(error)).rpartition("Error encountered:")[2], MAX_REASON)
            continue
        chosen = _of_classes(keras, outputs, classes)
        return chosen, form.plain and chosen is outputs
    raise ModelError(
        f"{model.name} cannot be called with images of {' or '.join(str(form.shape) for form in forms)}: {reason}"
    )


def _of_classes(keras: Any, outputs: Any, classes: int | None) -> Any:
    """Of a model's outputs, in a list or a dictionary, the one with a value for each class, in one axis; else all."""
    counts = [classes] if classes else range(MIN_CLASSES, MAX_CLASSES + 1)
    tensors = keras.tree.flatten(outputs)
    fitting = [tensor for tensor in tensors if prod(size or 0 for size in tensor.shape[1:]) in counts]
    if len(fitting) != 1:
        return outputs
    found = fitting[0]
    return found if len(found.shape) == 2 else keras.layers.Flatten()(found)


def _check_outputs(model: Any, outputs: Any, classes: int | None) -> None:
    shape = tuple(getattr(outputs, "shape", ()))[1:]
    wanted = [(count,) for count in ([classes] if classes else range(MIN_CLASSES, MAX_CLASSES + 1))]
    if shape not in wanted:
        what = f"(None, {classes})" if classes else f"(None, {MIN_CLASSES}) to (None, {MAX_CLASSES})"
        model_kind = "a digit model" if classes == len(DIGITS) else f"a model of {classes or 'such'} classes"
        layer = quoted(_last(model))
        raise ModelError(f"{model.name}: output layer {layer} gives {_shape_of(outputs)}; {model_kind} gives {what}")


def _outputs_of(model: Any) -> Any:
    keras = load_keras()
    images = (probe_images() / np.float32(255)).astype(np.float32)
    return np.asarray(keras.ops.convert_to_numpy(model(images, training=False)), np.float32)


def _without_sigmoid(keras: Any, model: Any) -> Any:
    """Remove a sigmoid at the model's end, so that a softmax gets log odds."""
    last = model.layers[-1]
    if getattr(last, "activation", None) is not keras.activations.sigmoid or not getattr(model, "inputs", None):
        return model
    linear = type(last).from_config(last.get_config() | {"activation": "linear"})
    outputs = linear(last.input)
    linear.set_weights(last.get_weights())
    return keras.Model(model.inputs, outputs, name=model.name)


def _last(model: Any) -> str:
    """Name the layer that computes the output."""
    return str(model.layers[-1].name)


def _shape_of(outputs: Any) -> str:
    tensors = outputs if isinstance(outputs, list | tuple) else [outputs]
    return ", ".join(str(tuple(getattr(tensor, "shape", ()))) for tensor in tensors)
