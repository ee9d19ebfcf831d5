"""Blocks of pixels become channels and come back, in the order that TFLite has, on every backend of Keras."""

import numpy as np
import pytest

from mnist_edge.block_layers import block_layers
from mnist_edge.training_stack import load_keras


@pytest.mark.parametrize("backend", ["tensorflow", "another"])
def test_a_block_becomes_four_channels_row_by_row(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = load_keras()
    to_depth, to_space = (layer() for layer in block_layers())
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    image = np.arange(2 * 4 * 6, dtype=np.float32).reshape(1, 4, 6, 2)
    blocks = np.asarray(to_depth(image))
    assert blocks.shape == to_depth.compute_output_shape(image.shape) == (1, 2, 3, 8)
    np.testing.assert_array_equal(blocks[0, 1, 2], image[0, 2:, 4:].reshape(-1))
    np.testing.assert_array_equal(np.asarray(to_space(blocks)), image)
    assert to_space.compute_output_shape((None, None, None, 8)) == (None, None, None, 2)
