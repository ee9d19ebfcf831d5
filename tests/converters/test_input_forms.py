"""Inputs of every shape that people's networks have; what plain TensorFlow gets right is the truth for each."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.release.brought_forms import FORMS
from mnist_edge.benchmarks.release.plain_tensorflow import answers, write_tflite
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.view import View
from mnist_edge.classifier import Classifier
from mnist_edge.converters.convert import convert
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, ModelWarning
from mnist_edge.evaluate import KerasClassifier
from mnist_edge.training_stack import load_keras


def right(predictor: Any, data: Dataset) -> int:
    return int((predictor.probabilities(data.test.images).argmax(axis=1) == data.test.labels).sum())


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_a_tflite_of_any_form_says_what_tensorflow_says(name: str, few: Dataset, tmp_path: Path) -> None:
    form = FORMS[name]
    made = form.graph()
    path = write_tflite(made, tmp_path / "a.tflite")
    truth = int((answers(made, form.shown(few.test.images), form.batch) == few.test.labels).sum())
    bound = pytest.warns(ModelWarning, match=f"bound to a batch of {form.batch or 1}, .*slow")
    with bound if form.fixed or form.batch == 0 else nullcontext():
        classifier = Classifier(path, runtime="ai-edge-litert")
    found = classifier.probabilities(few.test.images)
    assert abs(right(classifier, few) - truth) <= 1 and truth > 0.9 * len(few.test)
    for count in (0, 1, 2, 33):
        np.testing.assert_allclose(classifier.probabilities(few.test.images[:count]), found[:count], atol=1e-5)
    with pytest.warns(ModelWarning, match="bound") if form.fixed or form.batch == 0 else nullcontext():
        reader = Reader(path, runtime="ai-edge-litert", min_confidence=0.3)
    page = page_with(few, count=6)
    reading, seen = reader.read(page), Seen()
    assert len(reading.digits) == 6
    for digit in reading.digits:
        assert digit.crop is not None
        said = classifier.probabilities(digit.crop[None])[0]
        assert digit.confidence >= 0.3 and digit.label in said.argsort()[-2:]
    run(ArraySource([page] * 6), reader, views=[seen])
    assert seen.views[-1].text == reading.text


class Seen:
    """Keeps what the camera's loop shows."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def show(self, view: View) -> None:
        self.views.append(view)


def page_with(data: Dataset, count: int) -> NDArray[np.uint8]:
    """A sheet with a row of the first test images, dark on light, three times as large."""
    row = np.hstack([np.kron(image[..., 0], np.ones((3, 3), np.uint8)) for image in data.test.images[:count]])
    return np.repeat(np.pad(255 - row // 5 * 4, 40, constant_values=255)[..., None], 3, axis=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["28x28x1, batch of 7", "1x784", "3x28x28", "32x32x3", "1024", "14x14x1, batch of 1"])
def test_a_keras_network_of_any_form_is_exported(name: str, few: Dataset, tmp_path: Path) -> None:
    form = FORMS[name]
    network = form.network()
    truth = int((answers(network, form.shown(few.test.images), form.batch) == few.test.labels).sum())
    assert abs(right(KerasClassifier(network), few) - truth) <= 1
    exported = convert(network, "int8", data=few, samples=100, output=tmp_path / "a.tflite")
    classifier = Classifier(exported.path)
    assert abs(right(classifier, few) - truth) <= 0.02 * len(few.test)
    assert tuple(classifier.input["shape"]) == (1, 28, 28, 1)


@pytest.mark.parametrize("shape", [(27, 28), (3, 4), (28, 28, 2), (783,), (2352,), (5000, 5000)])
def test_what_is_no_form_of_an_image_is_one_line(shape: tuple[int, ...]) -> None:
    keras = load_keras()
    network = keras.Sequential([keras.Input(shape), keras.layers.Reshape((-1, 1)), keras.layers.GlobalMaxPooling1D()])
    with pytest.raises(ModelError, match="takes") as caught:
        KerasClassifier(network)
    assert "\n" not in str(caught.value)
