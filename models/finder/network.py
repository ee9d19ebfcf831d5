"""The finder's network, and what its outputs mean."""

from typing import Any

import numpy as np

from mnist_edge.block_layers import block_layers
from mnist_edge.detection import CHANNELS
from mnist_edge.training_stack import load_keras

# First logit of every cell: without it digits would be learned from a flood of false ones.
RARE = -4.0
# Residual blocks at stride 32, each of which sees 32 pixels further: together past a word, 100 pixels to either side.
BLOCKS = 2
# Channels from which all outputs are made: with fewer than there are outputs, four cells could not differ freely.
MIXED = 64


def build_finder(widths: tuple[int, int, int, int] = (16, 32, 32, 40), seed: int = 0) -> Any:
    """An untrained finder.

    It works at strides 4, 8, 16 and 32: the last sees as far as a word reaches, and what it sees is added to stride 16,
    and that to stride 8. A cell of stride 8 answers for the four cells of stride 4 in it, which is cheaper than working
    there. Pixels enter in blocks of 2x2, since a convolution of one channel costs a processor as much as one of four.

    Args:
        widths: Channels at strides 4, 8, 16 and 32.
        seed: Of the first weights.

    Returns:
        A Keras model from shape (n, height, width, 1), 0 to 1, to (n, height / 8, width / 8, 4 * 15): of each cell
        the logits of a digit's middle and of the ten digits, and the box as `mnist_edge.detection` explains it.
    """
    k = load_keras()
    k.utils.set_random_seed(seed)
    layers = k.layers
    SpaceToDepth, DepthToSpace = block_layers()

    def linear(x: Any, filters: int, size: int = 3, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.98)(x)

    def conv(x: Any, filters: int, strides: int = 1) -> Any:
        # No outlier can take the range that eight bits have to share.
        return layers.ReLU(max_value=6)(linear(x, filters, strides=strides))

    def enlarged(x: Any, filters: int) -> Any:
        return DepthToSpace()(linear(x, 4 * filters, size=1))

    four, eight, sixteen, thirty_two = widths
    image = layers.Input((None, None, 1))
    at_eight = conv(conv(SpaceToDepth()(image), four, strides=2), eight, strides=2)
    at_eight = layers.Add()([at_eight, conv(at_eight, eight)])
    at_sixteen = conv(at_eight, sixteen, strides=2)
    context = conv(at_sixteen, thirty_two, strides=2)
    for _ in range(BLOCKS):
        context = layers.Add()([context, conv(context, thirty_two)])
    context = layers.Add()([at_sixteen, enlarged(context, sixteen)])
    mixed = conv(layers.Add()([at_eight, enlarged(context, eight)]), MIXED)
    bias = k.initializers.Constant(np.tile([RARE] + [0.0] * (CHANNELS - 1), 4))
    return k.Model(image, layers.Conv2D(4 * CHANNELS, 1, bias_initializer=bias)(mixed), name="finder")
