"""Small networks as people bring them, of which plain TensorFlow's answers are known to be good.

All have the weights of `nano`. `brought_forms` has forms of the input, `brought_kinds` all that may differ besides, and
`plain_tensorflow` writes them as `.tflite` and asks TensorFlow what they say.
"""

from functools import cache
from typing import Any

import numpy as np

from mnist_edge.keras_files import load_keras_model
from mnist_edge.shipped_models import resolve_weights
from mnist_edge.training_stack import load_keras

IMAGE = (28, 28, 1)
# What holds a `.tflite`, beside `.keras`, `.h5` and a SavedModel.
FLOAT, INT8, UINT8 = ".tflite", ".tflite, int8", ".tflite, uint8"


def layers() -> Any:
    """Return `keras.layers`."""
    return load_keras().layers


def logits_of(channels: int = 1) -> list[Any]:
    """Return layers of their own that give logits for images of shape (n, 28, 28, channels), 0 to 1."""
    known, made = _known(), []
    for layer in known.layers:
        config = layer.get_config()
        made.append(type(layer).from_config(config | ({"activation": "linear"} if layer is known.layers[-1] else {})))
    first, *others = known.get_weights()
    # Equal channels share the work.
    first = np.repeat(first, channels, axis=2) / np.float32(channels)
    sequential(*made, shape=(*IMAGE[:2], channels)).set_weights([first, *others])
    return made


@cache
def _known() -> Any:
    # Its first convolution has no padding, so that pixels of another scale are only other weights of it.
    return load_keras_model(resolve_weights("nano"))


def sequential(*of: Any, shape: tuple[int, ...] = IMAGE, dtype: str = "float32", batch: int | None = None) -> Any:
    """Return a sequential network of these layers."""
    keras = load_keras()
    return keras.Sequential([keras.Input(shape, batch_size=batch, dtype=dtype), *of])
