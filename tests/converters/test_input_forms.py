"""Inputs of every shape that people's networks have; what plain TensorFlow gets right is the truth for each."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.converters.convert import convert
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, ModelWarning
from mnist_edge.evaluate import KerasClassifier
from mnist_edge.training_stack import load_keras, load_tensorflow

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Form:
    """The form of a network's input.

    Attributes:
        shape: Of one image.
        batch: None where it is free; 0 where the tensor has no such axis.
        fixed: Whether the graph itself is bound to its batch, so that it cannot be resized.
    """

    shape: tuple[int, ...]
    batch: int | None = None
    fixed: bool = False

    @property
    def side(self) -> int:
        sides = [size for size in self.shape if size not in (1, 3)]
        return sides[0] if len(sides) == 2 else int(sides[0] ** 0.5)

    def shown(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What plain TensorFlow is given."""
        found = load_tensorflow().image.resize(images / np.float32(255), (self.side, self.side)).numpy()
        if 3 in self.shape:
            found = np.repeat(found, 3, axis=3)
            found = found if self.shape[-1] == 3 else found.transpose(0, 3, 1, 2)
        return np.asarray(found.reshape(-1, *self.shape), np.float32)


FORMS = {
    "28x28": Form((28, 28)),
    "28x28, batch of 1": Form((28, 28), 1),
    "28x28, bound to a batch of 1": Form((28, 28), 1, fixed=True),
    "28x28, bound to a batch of 32": Form((28, 28), 32, fixed=True),
    "28x28, no batch": Form((28, 28), 0),
    "28x28x1, batch of 7": Form((28, 28, 1), 7),
    "28x28x1, no batch": Form((28, 28, 1), 0),
    "784": Form((784,)),
    "784, batch of 1": Form((784,), 1),
    "784, no batch": Form((784,), 0),
    "1x784": Form((1, 784)),
    "784x1": Form((784, 1)),
    "1x28x28": Form((1, 28, 28)),
    "1x28x28, bound to a batch of 1": Form((1, 28, 28), 1, fixed=True),
    "28x28x3": Form((28, 28, 3)),
    "3x28x28": Form((3, 28, 28)),
    "32x32x1": Form((32, 32, 1)),
    "32x32x3": Form((32, 32, 3)),
    "32x32x3, bound to a batch of 1": Form((32, 32, 3), 1, fixed=True),
    "64x64": Form((64, 64)),
    "1024": Form((1024,)),
    "20x20x1": Form((20, 20, 1)),
    "14x14x1, batch of 1": Form((14, 14, 1), 1),
}


@pytest.fixture(scope="module")
def weights_of(digits: Dataset) -> Callable[[Form], Weights]:
    """A dense layer's weights that give logits for the pixels of a form: enough to tell right from nonsense."""
    keras = load_keras()
    few = digits.training.take(np.arange(min(6_000, len(digits.training))))
    known: dict[int, Weights] = {}

    def trained(form: Form) -> Weights:
        if form.side not in known:
            model = keras.Sequential([keras.Input((form.side**2,)), keras.layers.Dense(10)])
            model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            images = Form((form.side**2,)).shown(few.images)
            model.fit(images, few.labels, batch_size=64, epochs=3 if len(few) > 5_000 else 20, verbose=0)
            known[form.side] = list(model.get_weights())
        kernel, bias = known[form.side]
        if 3 not in form.shape:
            return [kernel, bias]
        # Equal channels share the work.
        kernel = np.repeat(kernel, 3, axis=0) if form.shape[-1] == 3 else np.concatenate([kernel] * 3)
        return [kernel / np.float32(3), bias]

    return trained


def graph(form: Form, weights: Weights) -> Any:
    """The network as a function of TensorFlow, as PyTorch and others are converted."""
    tensorflow = load_tensorflow()
    size = weights[0].shape[0]

    def call(images: Any) -> Any:
        rows = form.batch if form.fixed and form.batch else -1
        logits = tensorflow.reshape(images, (rows, size)) @ weights[0] + weights[1]
        return tensorflow.nn.softmax(logits) if form.batch != 0 else tensorflow.nn.softmax(logits)[0]

    shape = form.shape if form.batch == 0 else (form.batch, *form.shape)
    return tensorflow.function(call, input_signature=[tensorflow.TensorSpec(shape, tensorflow.float32)])


def truth(form: Form, weights: Weights, data: Dataset) -> int:
    logits = form.shown(data.test.images).reshape(len(data.test), -1) @ weights[0] + weights[1]
    return int((logits.argmax(axis=1) == data.test.labels).sum())


def right(predictor: Any, data: Dataset) -> int:
    return int((predictor.probabilities(data.test.images).argmax(axis=1) == data.test.labels).sum())


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_a_tflite_of_any_form_says_what_tensorflow_says(
    name: str, weights_of: Callable[[Form], Weights], few: Dataset, tmp_path: Path
) -> None:
    form, weights = FORMS[name], weights_of(FORMS[name])
    made = graph(form, weights)
    converter = load_tensorflow().lite.TFLiteConverter.from_concrete_functions([made.get_concrete_function()], made)
    path = tmp_path / "a.tflite"
    path.write_bytes(converter.convert())
    bound = pytest.warns(ModelWarning, match=f"bound to a batch of {form.batch or 1}, .*slow")
    with bound if form.fixed or form.batch == 0 else nullcontext():
        classifier = Classifier(path, runtime="ai-edge-litert")
    found = classifier.probabilities(few.test.images)
    assert abs(right(classifier, few) - truth(form, weights, few)) <= 2
    assert truth(form, weights, few) > 0.7 * len(few.test)
    for count in (0, 1, 2, 33):
        np.testing.assert_allclose(classifier.probabilities(few.test.images[:count]), found[:count], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["28x28x1, batch of 7", "1x784", "3x28x28", "32x32x3", "1024", "14x14x1, batch of 1"])
def test_a_keras_network_of_any_form_is_exported(
    name: str, weights_of: Callable[[Form], Weights], few: Dataset, tmp_path: Path
) -> None:
    keras, form, weights = load_keras(), FORMS[name], weights_of(FORMS[name])
    dense = keras.layers.Dense(10, activation="softmax")
    network = keras.Sequential([keras.Input(form.shape, batch_size=form.batch), keras.layers.Flatten(), dense])
    dense.set_weights(weights)
    assert abs(right(KerasClassifier(network), few) - truth(form, weights, few)) <= 2
    exported = convert(network, "int8", data=few, samples=100, output=tmp_path / "a.tflite")
    classifier = Classifier(exported.path)
    assert abs(right(classifier, few) - truth(form, weights, few)) <= 0.02 * len(few.test)
    assert tuple(classifier.input["shape"]) == (1, 28, 28, 1)


@pytest.mark.parametrize("shape", [(27, 28), (3, 4), (28, 28, 2), (783,), (2352,), (5000, 5000)])
def test_what_is_no_form_of_an_image_is_one_line(shape: tuple[int, ...]) -> None:
    keras = load_keras()
    network = keras.Sequential([keras.Input(shape), keras.layers.Reshape((-1, 1)), keras.layers.GlobalMaxPooling1D()])
    with pytest.raises(ModelError, match="takes") as caught:
        KerasClassifier(network)
    assert "\n" not in str(caught.value)
