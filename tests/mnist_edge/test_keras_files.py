"""Keras networks in the forms that people have saved them in, old ones too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.classifier import Classifier
from mnist_edge.cli import app
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.evaluate import KerasClassifier, load_predictor
from mnist_edge.keras_files import load_keras_model
from mnist_edge.training_stack import load_keras, load_tensorflow

# As Keras 2 writes the configuration of a network.
OLD_LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("InputLayer", {"batch_input_shape": [None, 28, 28], "sparse": False, "ragged": False, "name": "flatten_input"}),
    ("Flatten", {"name": "flatten", "batch_input_shape": [None, 28, 28], "data_format": "channels_last"}),
    ("Dense", {"name": "dense", "units": 10, "activation": "softmax", "use_bias": True}),
]


@pytest.fixture
def network() -> Any:
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(name="flatten"), keras.layers.Dense(10, activation="softmax", name="dense")]
    return keras.Sequential([keras.Input((28, 28)), *layers])


def as_h5(network: Any, path: Path) -> None:
    network.save(path)


def as_old_h5(network: Any, path: Path) -> None:
    network.save(path)
    layers = [{"class_name": name, "config": {"dtype": "float32", **config}} for name, config in OLD_LAYERS]
    with h5py.File(path, "a") as file:
        config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"


def as_exported(network: Any, path: Path) -> None:
    network.export(path, verbose=False)


def as_saved_model(network: Any, path: Path) -> None:
    load_tensorflow().saved_model.save(network, str(path))


@pytest.mark.parametrize(
    ("name", "save"),
    [("a.h5", as_h5), ("a.hdf5", as_h5), ("old.h5", as_old_h5), ("exported", as_exported), ("saved", as_saved_model)],
)
def test_every_form_says_what_the_network_says(
    network: Any, few_images: Any, idx_folder: Path, tmp_path: Path, name: str, save: Callable[[Any, Path], None]
) -> None:
    save(network, tmp_path / name)
    expected = KerasClassifier(network).probabilities(few_images)
    found = load_predictor(tmp_path / name).probabilities(few_images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    options = ("--data", str(idx_folder), "--output", str(tmp_path / "a.tflite"), "--keep")
    result = CliRunner().invoke(app, ["export", str(tmp_path / name), *options])
    assert result.exit_code in (0, 3), result.stderr
    np.testing.assert_allclose(
        Classifier(tmp_path / "a.tflite", calibrated=False).probabilities(few_images), expected, atol=1e-4
    )


@pytest.fixture
def few_images(digits: Dataset) -> Any:
    return digits.test.images[:50]


def test_a_runtime_is_told_to_export_a_folder_first(network: Any, tmp_path: Path) -> None:
    as_exported(network, tmp_path / "net")
    with pytest.raises(ModelError, match=r"net is a Keras model, .* mnist-edge export .*net$"):
        Classifier(tmp_path / "net")


def test_what_an_older_keras_wrote_and_this_cannot_load_is_one_line(network: Any, tmp_path: Path) -> None:
    as_h5(network, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs["keras_version"] = "2.3.1"
        file.attrs["model_config"] = str(file.attrs["model_config"]).replace("Flatten", "Shuffle")
    with pytest.raises(ModelError, match=r"written by Keras 2\.3\.1, and Keras 3.*tf\.saved_model\.save") as caught:
        load_keras_model(tmp_path / "a.h5")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_what_a_newer_keras_wrote_is_one_line(network: Any, tmp_path: Path) -> None:
    network.save(tmp_path / "a.keras")
    with ZipFile(tmp_path / "a.keras") as archive, ZipFile(tmp_path / "b.keras", "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                content = content.replace(b"Flatten", b"Unrolled")
            changed.writestr(name, b'{"keras_version": "9.1.0"}' if name == "metadata.json" else content)
    with pytest.raises(ModelError, match=r"written by Keras 9\.1\.0, .*; update Keras, or .*model\.export"):
        load_keras_model(tmp_path / "b.keras")


def test_weights_alone_and_a_folder_without_a_signature_are_told(network: Any, tmp_path: Path) -> None:
    network.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ModelError, match="holds weights without their network"):
        load_keras_model(tmp_path / "a.weights.h5")
    tensorflow = load_tensorflow()
    tensorflow.saved_model.save(tensorflow.Module(), str(tmp_path / "empty"))
    with pytest.raises(ModelError, match=r"empty has no signature 'serving_default' \(it has none\)"):
        load_keras_model(tmp_path / "empty")
    (tmp_path / "empty" / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="empty is no Keras model that can be loaded"):
        load_keras_model(tmp_path / "empty")
