"""Batch normalisation that eight bits can hold: its scales move into the layer before, and dead units become constants.

Behind a ReLU, batch normalisation cannot be folded into the layer before it as it stands, so the converter leaves a
multiplication by one number a channel. A unit that was dead in training has no variance and gets 1 / sqrt(epsilon), 31
by default, and all its live neighbours, which share the tensor's scale, are left with a few steps of 256.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.training_stack import load_keras

# A unit whose variance is so many times the epsilon spreads, once normalised, over 0.01 where a live one does over 1.
_DEAD = 1e-4
# Layers that a positive factor for each channel passes, whether it comes before or after them.
_PASSED = frozenset((
    "ActivityRegularization", "AlphaDropout", "AveragePooling1D", "AveragePooling2D", "Cropping2D", "Dropout",
    "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "PReLU", "SpatialDropout1D", "SpatialDropout2D",
    "UpSampling2D", "ZeroPadding2D",
))  # fmt: skip
# Activations that it passes.
_HOMOGENEOUS = frozenset(("linear", "relu", "leaky_relu"))
# Layers that can take the factor into their weights, and which of them has the output's channels last.
_SCALED = {"Conv1D": "kernel", "Conv2D": "kernel", "Dense": "kernel", "SeparableConv2D": "pointwise_kernel"}


@contextmanager
def balanced(model: Any) -> Iterator[None]:
    """Change weights so that integers hold them better, while the block lasts; the network computes the same.

    The factors go into weights that are quantised for each channel by itself (as in Nagel et al., "Data-free
    quantization through weight equalization and bias correction", 2019). What a dead unit gives stays what it gave in
    training.

    Args:
        model: Any Keras model. Layers of one's own classes, and what these hold, stay as they are.
    """
    kept = [(variable, np.asarray(variable)) for variable in model.variables]
    try:
        for graph in graphs_of(model):
            for node in graph:
                if type(node.operation).__name__ == "BatchNormalization":
                    _freeze_dead(node.operation)
                    _move_scale(node, graph)
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def graphs_of(model: Any) -> Iterator[list[Any]]:
    """The nodes of a functional or sequential model, and of those in it."""
    by_depth = getattr(getattr(model, "_functional", None) or model, "_nodes_by_depth", None) or {}
    yield [node for nodes in by_depth.values() for node in nodes]
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from graphs_of(layer)


def normalising_scale(layer: Any) -> NDArray[np.float32]:
    """What batch normalisation multiplies each channel by."""
    deviation = np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    return np.asarray((np.asarray(layer.gamma) if layer.scale else 1.0) / deviation, np.float32)


def _freeze_dead(layer: Any) -> None:
    """Let units that never varied give the constant that they gave."""
    dead = np.asarray(layer.moving_variance) < _DEAD * layer.epsilon
    if not (dead.any() and layer.scale and layer.center):
        return
    mean, beta = np.asarray(layer.moving_mean), np.asarray(layer.beta)
    # The input of such a unit is its mean, whose normalised value is 0.
    layer.gamma.assign(np.where(dead, 0, np.asarray(layer.gamma)))
    layer.beta.assign(beta)
    layer.moving_mean.assign(np.where(dead, 0, mean))


def _move_scale(node: Any, graph: list[Any]) -> None:
    """Multiply the weights of the layer before by the scale, where all between lets it pass."""
    layer, source = node.operation, _source(node, graph)
    if source is None or not layer.scale:
        return
    scale = normalising_scale(layer)
    factor = np.where(scale == 0, 1, np.abs(scale))
    weights = getattr(source, _SCALED[type(source).__name__])
    weights.assign(np.asarray(weights) * factor)
    if source.use_bias:
        source.bias.assign(np.asarray(source.bias) * factor)
    layer.gamma.assign(np.sign(scale))
    layer.moving_mean.assign(np.asarray(layer.moving_mean) * factor)
    layer.moving_variance.assign(np.full_like(factor, 1 - layer.epsilon))


def _source(node: Any, graph: list[Any]) -> Any:
    """The layer whose weights can take the scale of a normalisation; None where there is none."""
    makers = {id(tensor): one for one in graph for tensor in one.output_tensors}
    uses = Counter(id(tensor) for one in graph for tensor in one.input_tensors)
    calls = Counter(id(one.operation) for one in graph)
    if node.operation.axis not in (-1, len(node.input_tensors[0].shape) - 1) or calls[id(node.operation)] > 1:
        return None
    bends = False
    while True:
        tensor = node.input_tensors[0]
        node = makers.get(id(tensor))
        if node is None or uses[id(tensor)] > 1 or len(node.input_tensors) != 1 or calls[id(node.operation)] > 1:
            return None
        layer, kind = node.operation, type(node.operation).__name__
        if kind in _SCALED:
            bends = bends or _activation(layer) != "linear"
            # Right behind a linear layer the converter folds the normalisation itself.
            last = getattr(layer, "data_format", "channels_last") == "channels_last"
            return layer if bends and last and _activation(layer) in _HOMOGENEOUS else None
        if not _passes(layer, kind):
            return None
        bends = True


def _passes(layer: Any, kind: str) -> bool:
    if kind == "Activation":
        return _activation(layer) in _HOMOGENEOUS
    if kind == "ReLU":
        return layer.max_value is None and not layer.threshold
    return kind in _PASSED


def _activation(layer: Any) -> str:
    return str(load_keras().activations.serialize(layer.activation))
