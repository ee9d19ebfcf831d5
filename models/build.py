"""From a recipe to an untrained Keras model."""

from typing import Any

from mnist_edge.models.recipes import Recipe
from mnist_edge.training_stack import load_keras


def build(recipe: Recipe) -> Any:
    """An untrained `keras.Sequential` that maps (n, 28, 28, 1), 0 to 1, to softmax probabilities, (n, classes)."""
    keras = load_keras()
    layers = [getattr(keras.layers, layer.kind)(**dict(layer.arguments)) for layer in recipe.layers]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers], name=recipe.name)
