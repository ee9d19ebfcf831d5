from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.converters.convert import convert
from mnist_edge.dataset import Dataset
from mnist_edge.keras_files import load_keras_model


@pytest.fixture(scope="session")
def few(digits: Dataset) -> Dataset:
    """The digits with a test split that the slow reference kernels of int16x8 get through in a second."""
    return replace(digits, test=digits.test.take(np.arange(min(500, len(digits.test)))))


@pytest.fixture(scope="session")
def collapsed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained model, damaged so that it says 3 to everything."""
    model = load_keras_model(trained)
    kernel, bias = model.layers[-1].get_weights()
    # Beyond any logit, whatever range the pixels have.
    bias[3] = 1e6
    model.layers[-1].set_weights([kernel, bias])
    # Without data nothing notices.
    return convert(model, "none", output=tmp_path_factory.mktemp("collapsed") / "collapsed.tflite").path


@pytest.fixture(scope="session")
def data_folder(few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fewer still, as `--data` takes them."""
    folder = tmp_path_factory.mktemp("data")
    training = few.training.take(np.arange(min(2_000, len(few.training))))
    np.savez(
        folder / "mnist.npz",
        x_train=training.images[..., 0],
        y_train=training.labels,
        x_test=few.test.images[..., 0],
        y_test=few.test.labels,
    )
    return folder


@pytest.fixture
def package(
    trained: Path, exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Stands in for the folder of the models that ship: two-conv with its weights, as int8 and float32."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "two-conv.keras").write_bytes(trained.read_bytes())
    for precision in ("int8", "float32"):
        (folder / f"two-conv.{precision}.tflite").write_bytes(exported[precision].read_bytes())
    monkeypatch.setattr("mnist_edge.shipped_models.shipped_folder", lambda: folder)
    return folder
