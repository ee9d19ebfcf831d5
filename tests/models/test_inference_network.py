from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.build import build
from mnist_edge.models.inference_network import inference_network, write_inference_network
from mnist_edge.models.recipes import find_recipe
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras


def with_random_statistics(name: str) -> Any:
    load_keras().utils.set_random_seed(0)
    model = build(find_recipe(name))
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([rng.uniform(0.5, 1.5, value.shape) for value in layer.get_weights()])
    return model


@pytest.mark.parametrize("name", ["nano", "large", "two-conv-dropout"])
def test_the_function_stays_and_the_training_layers_go(digits: Dataset, name: str) -> None:
    model = with_random_statistics(name)
    bare = inference_network(model)
    kinds = {type(layer).__name__ for layer in bare.layers}
    assert not kinds & {"BatchNormalization", "Dropout"}
    assert bare.name == name
    images = as_input(digits.test.images[:50])
    before, after = (network.predict(images, verbose=0) for network in (model, bare))
    assert np.abs(before - after).max() < 5e-3
    assert np.abs(before - after).max() > 0 or name == "two-conv-dropout"
    assert all(np.array_equal(value, value.astype(np.float16)) for value in bare.get_weights())


def test_the_file_is_small_loads_and_is_the_same_each_time(tmp_path: Path) -> None:
    model = with_random_statistics("large")
    for name in "ab":
        write_inference_network(model, tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    assert (tmp_path / "a.keras").stat().st_size < 1_000_000
    loaded, bare = load_keras_model(tmp_path / "a.keras"), inference_network(model)
    assert all(np.array_equal(a, b) for a, b in zip(loaded.get_weights(), bare.get_weights(), strict=True))


def test_a_normalisation_without_its_convolution_is_refused() -> None:
    layers = load_keras().layers
    model = load_keras().Sequential(
        [load_keras().Input((28, 28, 1)), layers.MaxPooling2D(), layers.BatchNormalization()]
    )
    with pytest.raises(ValueError, match="follows no convolution"):
        inference_network(model)
