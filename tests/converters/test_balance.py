"""Batch normalisation behind a ReLU, with units that were dead in training: what eight bits make of it."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_edge.converters.flatbuffer as flatbuffer
from mnist_edge.classifier import Classifier
from mnist_edge.converters.balance import balanced
from mnist_edge.converters.convert import convert
from mnist_edge.converters.representative import representative_images
from mnist_edge.converters.weakest_layer import weakest_layer
from mnist_edge.dataset import Dataset
from mnist_edge.errors import CheckFailed
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras


@pytest.fixture(scope="module")
def dead_units(few: Dataset) -> Any:
    """A network a quarter of whose units never fire, normalised by what training showed."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    layers = keras.layers

    def normalised() -> Any:
        return layers.BatchNormalization(epsilon=1e-5)

    parts = [
        *(layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"), normalised()),
        *(layers.Conv2D(16, 3, strides=2, padding="same"), layers.ReLU(), layers.Dropout(0.1), normalised()),
        *(layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")),
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts], name="dead")
    for convolution in (model.layers[0], model.layers[2]):
        kernel, bias = convolution.get_weights()
        bias[::4] = -50
        convolution.set_weights([kernel, bias])
    model.compile("adam", "sparse_categorical_crossentropy")
    some = few.training.take(np.arange(min(3_000, len(few.training))))
    images = as_input(some.images)
    model.fit(images, some.labels, batch_size=32, epochs=4, verbose=0)
    # As their moving averages come to be after many more steps.
    for index in (1, 5):
        before = keras.Model(model.inputs, model.layers[index].input).predict(images, verbose=0)
        statistics = before.mean(axis=(0, 1, 2)), before.var(axis=(0, 1, 2))
        model.layers[index].set_weights([*model.layers[index].get_weights()[:2], *statistics])
    return model


def test_a_balanced_network_computes_the_same_and_is_as_it_was_afterwards(dead_units: Any, few: Dataset) -> None:
    images = as_input(few.test.images[:200])
    weights, outputs = dead_units.get_weights(), dead_units.predict(images, verbose=0)
    with balanced(dead_units):
        scales = [layer.get_weights()[0] for layer in dead_units.layers if "normalization" in layer.name]
        np.testing.assert_allclose(dead_units.predict(images, verbose=0), outputs, atol=1e-4)
    assert all(set(np.unique(scale)) <= {-1, 0, 1} and (scale[::4] == 0).all() for scale in scales)
    assert all(np.array_equal(a, b) for a, b in zip(weights, dead_units.get_weights(), strict=True))


def test_layers_in_models_in_models_and_of_other_kinds_are_balanced_or_left(few: Dataset) -> None:
    """Shared layers, branches, and what bends otherwise must stay; the whole must compute the same."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    image = keras.Input((28, 28, 1))
    shared = layers.Conv2D(4, 3, strides=2, activation="relu", padding="same")
    values = shared(image)
    left, right = layers.BatchNormalization()(values), layers.MaxPooling2D(1)(values)
    values = layers.Concatenate()([left, right])
    values = layers.BatchNormalization()(layers.ReLU(6.0)(layers.Conv2D(4, 3)(values)))
    values = layers.BatchNormalization()(layers.MaxPooling2D()(layers.SeparableConv2D(4, 3, activation="relu")(values)))
    inner = keras.Model(image, layers.BatchNormalization()(layers.LeakyReLU()(layers.Conv2D(3, 1)(values))))
    model = keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Flatten(), layers.Dense(10)])
    rng = np.random.default_rng(0)
    for variable in inner.variables:
        if "variance" in variable.name or "gamma" in variable.name:
            variable.assign(rng.uniform(0.1, 2, variable.shape))
        elif "mean" in variable.name or "beta" in variable.name:
            variable.assign(rng.normal(0, 0.3, variable.shape))
    images = as_input(few.test.images[:50])
    outputs, kernel = model.predict(images, verbose=0), shared.get_weights()[0]
    with balanced(model):
        np.testing.assert_allclose(model.predict(images, verbose=0), outputs, atol=1e-4)
        gammas = [layer.get_weights()[0] for layer in inner.layers if "normalization" in layer.name]
        assert np.array_equal(shared.get_weights()[0], kernel)
    assert [bool(np.allclose(np.abs(gamma), 1)) for gamma in gammas] == [False, False, True, True]


@pytest.mark.slow
def test_dead_units_do_not_break_eight_bits(
    dead_units: Any, few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorFlow's converter alone breaks this network; where ours could not mend it, it would name the layer."""
    source = dead_units.predict(as_input(few.test.images), verbose=0).argmax(axis=1)
    exported = convert(dead_units, "int8", data=few, samples=100, output=tmp_path / "a.tflite")
    mended = Classifier(exported.path).probabilities(few.test.images).argmax(axis=1)
    assert (mended == source).mean() > 0.97
    monkeypatch.setattr(flatbuffer, "balanced", lambda _: nullcontext())
    with pytest.raises(CheckFailed, match=r"layer 'batch_norm.*' loses most, .*float16"):
        convert(dead_units, "int8", data=few, samples=100, output=tmp_path / "b.tflite")


def test_the_layer_that_eight_bits_break_is_named(dead_units: Any, few: Dataset) -> None:
    images = representative_images(few, 30)
    wrapped = load_keras().Sequential([load_keras().Input((28, 28, 1)), dead_units])
    name, noise = weakest_layer(wrapped, images) or ("", 0.0)
    assert name.startswith("batch_normalization") and noise > 0.05
    with balanced(dead_units):
        _, mended = weakest_layer(wrapped, images) or ("", 0.0)
    assert mended < noise / 10
