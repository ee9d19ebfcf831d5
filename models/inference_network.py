"""A trained network as it ships: nothing that only training needs."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_atomically
from mnist_edge.training_stack import load_keras


def inference_network(model: Any) -> Any:
    """The same function in fewer layers: batch normalisation folded into its convolution, dropout gone.

    Weights are rounded to what float16 holds (2^-11 of each at most), which halves the file and is far below the
    steps of int8.

    Args:
        model: A `keras.Sequential` of a recipe, trained.

    Returns:
        A `keras.Sequential` of float32 weights with the model's name.

    Raises:
        ValueError: A batch normalisation does not follow a convolution without activation.
    """
    keras = load_keras()
    layers: list[Any] = []
    weights: list[list[NDArray[np.float32]]] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            continue
        if isinstance(layer, keras.layers.BatchNormalization):
            if not _is_linear_convolution(layers[-1] if layers else None):
                raise ValueError(f"{layer.name} follows no convolution that it could be folded into")
            weights[-1] = _folded(weights[-1], layer)
            layers[-1] = keras.layers.Conv2D.from_config(layers[-1].get_config() | {"use_bias": True})
            continue
        layers.append(type(layer).from_config(layer.get_config()))
        weights.append(layer.get_weights())
    bare = keras.Sequential([keras.Input((28, 28, 1), name="image"), *layers], name=model.name)
    for layer, values in zip(bare.layers, weights, strict=True):
        layer.set_weights([_rounded(value) for value in values])
    return bare


def write_inference_network(model: Any, path: Path) -> None:
    """Write `inference_network(model)` as a `.keras` file, compressed, whole or not at all.

    The same weights give the same bytes.
    """
    write_atomically(path, lambda temporary: _save_compressed(inference_network(model), temporary))


def write_rounded(model: Any, path: Path) -> None:
    """Write a trained network of any shape as it is, its weights rounded to what float16 holds, without its optimiser.

    Otherwise as `write_inference_network`.
    """
    bare = load_keras().models.clone_model(model)
    bare.set_weights([_rounded(value) for value in model.get_weights()])
    write_atomically(path, lambda temporary: _save_compressed(bare, temporary))


def _rounded(value: NDArray[np.float32]) -> NDArray[np.float32]:
    return value.astype(np.float16).astype(np.float32)


def _save_compressed(network: Any, path: Path) -> None:
    network.save(path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in sorted(archive.namelist())}
    entries["metadata.json"] = _undated(entries["metadata.json"])
    # Keras stores its archive uncompressed and dated. Bzip2 finds more in rounded weights than deflate does.
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_BZIP2)


def _undated(metadata: bytes) -> bytes:
    return json.dumps(json.loads(metadata) | {"date_saved": ""}).encode()


def _is_linear_convolution(layer: Any) -> bool:
    keras = load_keras()
    return isinstance(layer, keras.layers.Conv2D) and layer.activation is keras.activations.linear


def _folded(convolution: list[NDArray[np.float32]], normalisation: Any) -> list[NDArray[np.float32]]:
    gamma, beta, mean, variance = (np.asarray(value) for value in normalisation.get_weights())
    factor = gamma / np.sqrt(variance + normalisation.epsilon)
    kernel, *bias = convolution
    return [kernel * factor, beta + ((bias[0] if bias else 0) - mean) * factor]
