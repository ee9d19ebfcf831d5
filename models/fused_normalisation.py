"""Batch normalisation in one kernel for a training: Keras computes it in a dozen, a third of a small network's step."""

from functools import partial
from typing import Any

from mnist_edge.training_stack import load_keras, load_tensorflow


def fuse_normalisation(model: Any) -> None:
    """Have TensorFlow normalise batches of images by its fused kernel while `model` trains.

    The values are those of Keras but for rounding, and so are the layers and what is saved of them: only how these
    layers of this model in memory compute is changed. On another backend nothing is.

    Args:
        model: A Keras model; its layers that normalise the last of four axes are changed.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        return
    for layer in model.layers:
        # One of a user's own class may compute anything.
        if type(layer) is keras.layers.BatchNormalization and _is_fusible(layer):
            layer.call = partial(_normalised, load_tensorflow(), layer)


def _is_fusible(layer: Any) -> bool:
    return len(layer.input.shape) == 4 and layer.axis in (-1, 3) and layer.scale and layer.center and layer.trainable


def _normalised(tensorflow: Any, layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """What `BatchNormalization.call` returns; in a training, with the moving statistics brought up to date."""
    if not training:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    outputs, mean, variance = tensorflow.compat.v1.nn.fused_batch_norm(
        inputs, layer.gamma, layer.beta, epsilon=layer.epsilon, is_training=True
    )
    # The kernel's variance is that of a sample, n - 1 below the line; Keras keeps the one over n.
    count = tensorflow.cast(tensorflow.size(inputs) / inputs.shape[-1], variance.dtype)
    variance *= 1 - 1 / count
    for moving, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + value * (1 - layer.momentum))
    return outputs
