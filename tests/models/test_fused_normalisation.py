"""The fused kernel gives what Keras' batch normalisation gives, and leaves no trace in the model."""

from typing import Any

import numpy as np
import pytest

from mnist_edge.models.fused_normalisation import fuse_normalisation
from mnist_edge.training_stack import load_keras


def network(**arguments: Any) -> Any:
    """A convolution and its normalisation, ready to train."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(4, 3, use_bias=False),
        keras.layers.BatchNormalization(**arguments),
        keras.layers.ReLU(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def batch() -> tuple[np.ndarray, np.ndarray]:
    """Eight images of noise and their labels."""
    rng = np.random.default_rng(0)
    return rng.random((8, 28, 28, 1), np.float32), rng.integers(0, 10, 8)


def test_a_training_step_changes_the_same_weights_and_statistics_by_the_same() -> None:
    plain, fused = network(), network()
    saved = fused.to_json()
    fuse_normalisation(fused)
    assert "call" in vars(fused.layers[1])
    images, labels = batch()
    first = [weights.copy() for weights in plain.get_weights()]
    for _ in range(3):
        plain.train_on_batch(images, labels)
        fused.train_on_batch(images, labels)
    for start, one, other in zip(first, plain.get_weights(), fused.get_weights(), strict=True):
        assert np.abs(one - other).max() < 0.001 * np.abs(one - start).max()
    assert np.allclose(plain(images), fused(images), atol=1e-6)
    assert fused.to_json() == saved


@pytest.mark.parametrize("arguments", [{"scale": False}, {"center": False}, {"axis": 1}, {"trainable": False}])
def test_what_the_kernel_does_not_compute_stays_with_keras(arguments: dict[str, Any]) -> None:
    model = network(**arguments)
    fuse_normalisation(model)
    assert "call" not in vars(model.layers[1])
