"""Which layer of a network has the most to lose in eight bits."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.converters.balance import graphs_of, normalising_scale
from mnist_edge.training_stack import load_keras

_STEPS = 255
# Rounding to whole steps adds a noise whose variance is this share of a step's square.
_ROUNDING = 1 / 12


def weakest_layer(model: Any, images: NDArray[np.float32]) -> tuple[str, float] | None:
    """Name the layer in which one scale for all channels leaves them the fewest steps.

    Each channel that varies has its rounding noise compared with its own variance: the noise of its output, whose scale
    is that of the widest channel, and for batch normalisation also that of its factors.

    Args:
        model: A Keras model.
        images: What it takes, a few dozen.

    Returns:
        The layer's name and the median of its channels' noise as a share of their variance; None for a model that shows
        no layers.
    """
    return max(_noises(model, images), key=lambda row: row[1], default=None)


def _noises(model: Any, images: NDArray[Any]) -> Iterator[tuple[str, float]]:
    graph = next(graphs_of(model), [])
    made = [node for node in graph if not node.is_input]
    if not made:
        return
    tensors = [node.output_tensors[0] for node in made]
    outputs = load_keras().Model(model.inputs, tensors).predict(images, batch_size=len(images), verbose=0)
    # Of a single output Keras gives the array itself.
    values = {id(one): value for one, value in zip(tensors, outputs if len(tensors) > 1 else [outputs], strict=True)}
    for node in made:
        layer, output = node.operation, values[id(node.output_tensors[0])]
        if hasattr(layer, "layers"):
            yield from _noises(layer, values.get(id(node.input_tensors[0]), images))
        elif np.issubdtype(output.dtype, np.floating):
            yield str(layer.name), _noise(layer, np.asarray(output, np.float64))


def _noise(layer: Any, output: NDArray[np.float64]) -> float:
    channels = output.reshape(-1, output.shape[-1])
    variances, step = channels.var(axis=0), np.ptp(channels) / _STEPS
    varies = variances > 1e-12
    noise = np.full(len(variances), _ROUNDING * step**2)
    if type(layer).__name__ == "BatchNormalization" and layer.scale and varies.any():
        factors = np.abs(normalising_scale(layer))
        if factors.shape == variances.shape:
            relative = _ROUNDING * (2 * factors.max() / _STEPS / np.maximum(factors, 1e-12)) ** 2
            noise = noise + relative * variances
    return float(np.median(noise[varies] / variances[varies])) if varies.any() else 0.0
