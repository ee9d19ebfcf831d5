"""From a recipe to an untrained Keras model."""

from textwrap import shorten
from typing import Any

from mnist_edge.errors import UsageError
from mnist_edge.keras_network import digit_network
from mnist_edge.models.recipes import Layer, Recipe
from mnist_edge.safe_text import quoted
from mnist_edge.training_stack import load_keras
from mnist_edge.untrusted import MAX_REASON


def build(recipe: Recipe, classes: int = 10) -> Any:
    """An untrained Keras model that maps (n, 28, 28, 1), 0 to 1, to softmax probabilities, (n, classes).

    A `keras.Sequential` of the recipe's layers, whose last one has the classes; or what its program makes for so many
    classes, completed by `digit_network`.

    Raises:
        UsageError: Keras has no such layer, or not with such arguments; or the program makes no Keras model.
        ModelError: The model that the program makes cannot tell so many classes of images.
    """
    keras = load_keras()
    if recipe.program:
        made = recipe.program.make(classes)
        if not isinstance(made, keras.Model):
            raise UsageError(f"{recipe.program.path} makes {type(made).__name__}, no Keras model")
        made.name = recipe.name
        return digit_network(made, None, classes)
    layers = [_layer(keras, number, layer) for number, layer in enumerate(recipe.layers, 1)]
    try:
        return keras.Sequential([keras.Input((28, 28, 1)), *layers], name=recipe.name)
    # Layers do not fit each other, as where there is no image left for a kernel.
    except ValueError as error:
        raise UsageError(f"{recipe.name} cannot be built: {_line(error)}") from error


def _layer(keras: Any, number: int, layer: Layer) -> Any:
    kind = getattr(keras.layers, layer.kind, None)
    if kind is None:
        raise UsageError(f"layer {number}: Keras has no layer {quoted(layer.kind)}")
    try:
        return kind(**dict(layer.arguments))
    # Keras raises TypeError or ValueError, by what is wrong with an argument.
    except (TypeError, ValueError) as error:
        raise UsageError(f"layer {number}, {layer.kind}: {_line(error)}") from error


def _line(error: Exception) -> str:
    return shorten(str(error), MAX_REASON)
