"""The finder's network, and what its outputs mean."""

from typing import Any

import numpy as np

from mnist_edge.detection import CHANNELS
from mnist_edge.training_stack import load_keras

# First logit of every cell: without it digits would be learned from a flood of false ones.
RARE = -4.0


def build_finder(widths: tuple[int, int, int, int] = (8, 16, 24, 40), seed: int = 0) -> Any:
    """An untrained finder.

    It works at strides 2, 4, 8 and 16: the last sees as far as a word reaches, and what it sees is added to stride 8.
    A cell of stride 8 answers for the four cells of stride 4 in it, which is cheaper than working there.

    Args:
        widths: Channels at strides 2, 4, 8 and 16.
        seed: Of the first weights.

    Returns:
        A Keras model from shape (n, height, width, 1), 0 to 1, to (n, height / 8, width / 8, 4 * 15): of each cell
        the logits of a digit's middle and of the ten digits, and the box as `mnist_edge.detection` explains it.
    """
    k = load_keras()
    k.utils.set_random_seed(seed)
    layers = k.layers

    def conv(x: Any, filters: int, size: int = 3, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(x))

    two, four, eight, sixteen = widths
    image = layers.Input((None, None, 1))
    at_four = conv(conv(image, two, strides=2), four, strides=2)
    at_eight = conv(conv(at_four, eight, strides=2), eight)
    context = conv(at_eight, sixteen, strides=2)
    for _ in range(3):
        context = layers.Add()([context, conv(context, sixteen)])
    context = layers.UpSampling2D(2)(conv(context, eight, size=1))
    # Fine detail, cell by cell: what stride 4 saw.
    fine = conv(at_four, eight, size=2, strides=2)
    mixed = conv(layers.Add()([at_eight, context, fine]), 32)
    bias = k.initializers.Constant(np.tile([RARE] + [0.0] * (CHANNELS - 1), 4))
    return k.Model(image, layers.Conv2D(4 * CHANNELS, 1, bias_initializer=bias)(mixed), name="finder")
