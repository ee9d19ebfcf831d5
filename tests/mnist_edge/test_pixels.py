"""Networks that were trained on other pixels than 0 to 1: as right as plain arithmetic has them, once one says so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from mnist_edge.classifier import Classifier
from mnist_edge.cli import app
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.evaluate import KerasClassifier
from mnist_edge.metadata import read_metadata
from mnist_edge.opencv import cv2
from mnist_edge.pixels import KEY, Pixels, parse_pixels, pixels_of
from mnist_edge.training_stack import load_keras, load_tensorflow

WAYS = [
    ("0..255", False),
    ("-1..1", False),
    ("0.1307,0.3081", False),
    ("33.3,78.6", False),
    (None, True),
    ("0..255", True),
]
Weights = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture(scope="module")
def weights(digits: Dataset) -> Weights:
    """Of a dense layer for pixels from 0 to 1: the mean digit of each class as a template, which needs no training."""
    images = digits.training.images.reshape(-1, 784)[:5_000] / np.float32(255)
    labels = digits.training.labels[:5_000]
    means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    return means.T, -(means**2).sum(axis=1) / 2


def network(weights: Weights, pixels: Pixels) -> Any:
    """The same network for other pixels."""
    keras, (kernel, bias) = load_keras(), weights
    dense = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), dense])
    scale = pixels.ink - pixels.background
    dense.set_weights([kernel / scale, bias - pixels.background / scale * kernel.sum(axis=0)])
    return model


def right(classifier: Any, data: Dataset) -> int:
    test = data.test.take(np.arange(min(500, len(data.test))))
    return int((classifier.probabilities(test.images).argmax(axis=1) == test.labels).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("text", "invert"), WAYS)
def test_a_network_is_as_right_as_with_its_own_pixels(
    weights: Weights, digits: Dataset, tmp_path: Path, text: str | None, invert: bool
) -> None:
    pixels = parse_pixels(text, invert)
    assert pixels
    images = digits.test.images[:500].reshape(-1, 784) / np.float32(255)
    truth = int(((images @ weights[0] + weights[1]).argmax(axis=1) == digits.test.labels[:500]).sum())
    assert truth > 0.7 * len(images)
    model = network(weights, pixels)
    assert abs(right(KerasClassifier(model, trained_on=pixels), digits) - truth) <= 2
    path = tmp_path / "a.tflite"
    path.write_bytes(load_tensorflow().lite.TFLiteConverter.from_keras_model(model).convert())
    assert abs(right(Classifier(path, trained_on=pixels, runtime="ai-edge-litert"), digits) - truth) <= 2


@pytest.mark.slow
def test_what_export_is_told_holds_for_all_that_follows(
    weights: Weights, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(
        tmp_path / "mnist.npz",
        x_train=digits.training.images[:1_500, ..., 0],
        y_train=digits.training.labels[:1_500],
        x_test=digits.test.images[:300, ..., 0],
        y_test=digits.test.labels[:300],
    )
    monkeypatch.chdir(tmp_path)
    network(weights, Pixels(255, 0)).save("dark.keras")

    def run(*command: str) -> Any:
        result = CliRunner().invoke(app, [*command, "--data", ".", "--json"])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    how = "--pixels", "0..255", "--invert"
    run("export", "dark.keras", *how, "--quantize", "int8", "--samples", "100", "--output", "a.tflite")
    assert pixels_of(read_metadata(Path("a.tflite"))) == Pixels(255, 0)
    told, untold = run("evaluate", "dark.keras", *how), run("evaluate", "dark.keras")
    assert run("evaluate", "a.tflite")["accuracy"] == pytest.approx(told["accuracy"], abs=0.01)
    # Where nobody tells, it is found out by trying.
    assert untold["accuracy"] == told["accuracy"] > 0.7
    assert run("verify", "dark.keras", "a.tflite", "--max-drop", "1", "--min-agreement", "98")["passed"]


@pytest.mark.slow
def test_pages_and_cameras_are_read_with_the_pixels_that_one_says(
    weights: Weights, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, pixels in (("plain", Pixels(0, 1)), ("dark", Pixels(255, 0))):
        model = load_tensorflow().lite.TFLiteConverter.from_keras_model(network(weights, pixels)).convert()
        Path(f"{name}.tflite").write_bytes(model)
    ink = np.pad(np.kron(digits.test.images[0, ..., 0], np.ones((4, 4), np.uint8)), 64)
    cv2.imwrite("page.png", 255 - ink)
    how = "--pixels", "0..255", "--invert"

    def read(model: str, *how: str) -> list[tuple[int, float]]:
        options = "--model", model, "--runtime", "ai-edge-litert", "--min-confidence", "0", "--json"
        result = CliRunner().invoke(app, ["read", "page.png", *options, *how])
        assert result.exit_code == 0, result.stderr
        return [(digit["label"], digit["confidence"]) for digit in json.loads(result.stdout)["digits"]]

    def watch(model: str, *how: str) -> str:
        options = "--model", model, "--runtime", "ai-edge-litert", "--min-confidence", "0", "--no-window"
        result = CliRunner().invoke(app, ["camera", "--source", "page.png", *options, *how])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    plain, told = read("plain.tflite"), read("dark.tflite", *how)
    assert plain and [label for label, _ in told] == [label for label, _ in plain]
    assert [sure for _, sure in told] == pytest.approx([sure for _, sure in plain], abs=1e-3)
    # Where nobody tells, it is found out by trying.
    assert read("dark.tflite") == told != read("dark.tflite", "--pixels", "0..1")
    assert watch("dark.tflite", *how) == watch("plain.tflite") != ""


@pytest.mark.parametrize("text", ["0..2", "bytes", "", "1", "0.1,0", "0.1,-1", "nan,1", "1,2,3"])
def test_what_is_no_range_is_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"--pixels is 0\.\.1, 0\.\.255, -1\.\.1 or MEAN,STD"):
        parse_pixels(text)


def test_nothing_said_is_none_and_nonsense_in_metadata_is_an_error() -> None:
    assert parse_pixels(None) is None and pixels_of({}) is None
    assert parse_pixels("0..1") == Pixels(0, 1) and parse_pixels(None, invert=True) == Pixels(1, 0)
    with pytest.raises(ModelError, match="trained_on"):
        pixels_of({KEY: [0, 1]})


@pytest.mark.parametrize(("dtype", "ends"), [("int8", (-128, 127)), ("uint8", (0, 255))])
def test_bytes_without_a_scale_are_pixels_as_they_are(dtype: str, ends: tuple[int, int]) -> None:
    from mnist_edge.tensors import pixel_range

    assert pixel_range({"dtype": np.dtype(dtype).type, "quantization": (0.0, 0)}) == ends
