"""Convolutions of one channel in blocks of 2x2 pixels: the same sums in fewer instructions.

A convolution of one channel costs a processor about as much as one of four, since its kernels compute several channels
at a time. With stride 2 and an even kernel it is the same function as blocks of 2x2 pixels as channels (SPACE_TO_DEPTH)
and then a kernel of half the size with stride 1: `Conv2D(16, 6, strides=2)` on 28x28x1 is a 3x3 convolution of
14x14x4.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from mnist_edge.training_stack import load_keras, load_tensorflow


@contextmanager
def one_channel_in_blocks(layers: Iterable[Any]) -> Iterator[None]:
    """Have the convolutions among `layers` that can compute in blocks do so while the block of code lasts.

    Their weights stay as they are, and are rearranged in the graph, where the converter folds that into a constant.

    Args:
        layers: Of a Keras model, built.
    """
    stems = [layer for layer in layers if _can_take_blocks(layer)]
    try:
        for layer in stems:
            layer.call = partial(_in_blocks, layer)
        yield
    finally:
        for layer in stems:
            del layer.call


def _can_take_blocks(layer: Any) -> bool:
    if type(layer) is not load_keras().layers.Conv2D or layer.data_format != "channels_last" or not layer.built:
        return False
    height, width, channels, _ = layer.kernel.shape
    even = height % 2 == width % 2 == 0 and channels == 1
    # What "same" pads on either side, half of the kernel less one pixel, must be whole blocks.
    whole = layer.padding == "valid" or (layer.padding == "same" and height % 4 == width % 4 == 2)
    return bool(even and whole and tuple(layer.strides) == (2, 2) and tuple(layer.dilation_rate) == (1, 1))


def _in_blocks(layer: Any, inputs: Any) -> Any:
    """What `Conv2D.call` returns for `inputs`, shape (n, height, width, 1)."""
    if any(size is None or size % 2 for size in inputs.shape[1:3]):
        return type(layer).call(layer, inputs)
    tensorflow = load_tensorflow()
    height, width, _, filters = layer.kernel.shape
    kernel = tensorflow.reshape(layer.kernel, (height // 2, 2, width // 2, 2, filters))
    kernel = tensorflow.reshape(tensorflow.transpose(kernel, (0, 2, 1, 3, 4)), (height // 2, width // 2, 4, filters))
    blocks = tensorflow.nn.space_to_depth(inputs, 2)
    outputs = tensorflow.nn.conv2d(blocks, kernel, 1, layer.padding.upper())
    return layer.activation(outputs + layer.bias if layer.use_bias else outputs)
