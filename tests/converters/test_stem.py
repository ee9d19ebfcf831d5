"""A convolution of one channel in blocks of pixels gives what it gave without, in every precision that has blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.compat import runtimes_of
from mnist_edge.converters import stem
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.runtime import build_interpreter
from mnist_edge.tflite_graph import operators
from mnist_edge.training_stack import load_keras

OLDEST = "tflite-runtime==2.14.0"
# Kernel, padding, channels of the input; and whether it becomes blocks.
STEMS = [
    ((6, 6), "valid", 1, True),
    ((6, 6), "same", 1, True),
    ((4, 4), "valid", 1, True),
    ((2, 6), "same", 1, True),
    ((4, 4), "same", 1, False),
    ((5, 5), "valid", 1, False),
    ((6, 6), "valid", 3, False),
]


def network(kernel: tuple[int, int] = (6, 6), padding: str = "valid", channels: int = 1, side: int = 28) -> Any:
    """Random weights, also of a normalisation behind the first convolution."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((side, side, channels)),
        layers.Conv2D(16, kernel, strides=2, padding=padding, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(8, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=0.3)),
    ])  # fmt: skip
    normalisation = model.layers[1]
    normalisation.moving_mean.assign(np.linspace(-0.2, 0.2, 16))
    normalisation.gamma.assign(np.linspace(0.5, 2, 16))
    return model


def converted(model: Any, precision: str, images: NDArray[np.float32]) -> tuple[bytes, NDArray[Any], dict[str, int]]:
    """A flatbuffer, its outputs for images, and its operators."""
    row = PRECISIONS[precision]
    content = to_flatbuffer(model, row, row.io[0], images, images.shape[1:])
    interpreter, _ = build_interpreter(content, "model")
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for image in images:
        shown = np.rint(image * 255 - 128).astype(np.int8) if takes["dtype"] == np.int8 else image
        interpreter.set_tensor(takes["index"], shown[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(gives["index"])[0].copy())
    return content, np.stack(outputs), operators(interpreter)


def inputs(channels: int = 1, side: int = 28) -> NDArray[np.float32]:
    """Random pixels, 0 to 1."""
    return np.random.default_rng(0).random((60, side, side, channels), np.float32)


@pytest.mark.parametrize(("kernel", "padding", "channels", "blocks"), STEMS)
def test_floats_stay_the_same_but_for_the_order_of_their_sums(
    kernel: tuple[int, int], padding: str, channels: int, blocks: bool
) -> None:
    model, images = network(kernel, padding, channels), inputs(channels)
    _, outputs, found = converted(model, "float32", images)
    assert ("SPACE_TO_DEPTH" in found) == blocks
    expected = model.predict(images, verbose=0)
    assert np.abs(outputs - expected).max() < 1e-5
    assert np.array_equal(outputs.argmax(axis=1), expected.argmax(axis=1)) and len(set(outputs.argmax(axis=1))) > 1


@pytest.mark.parametrize("precision", ["int8", "dynamic", "float16"])
def test_decisions_are_those_of_the_plain_convolution(
    precision: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model, images = network(), inputs()
    content, outputs, found = converted(model, precision, images)
    monkeypatch.setattr(stem, "_can_take_blocks", lambda layer: False)
    _, plain, without = converted(model, precision, images)
    assert found == without | {"SPACE_TO_DEPTH": 1}
    assert np.array_equal(outputs.argmax(axis=1), plain.argmax(axis=1))
    assert np.abs(outputs.astype(float) - plain).max() <= (1 if precision == "int8" else 0.02)
    (tmp_path / "model.tflite").write_bytes(content)
    assert OLDEST in runtimes_of(tmp_path / "model.tflite")


def test_sixteen_bits_have_no_blocks() -> None:
    _, _, found = converted(network(), "int16x8", inputs())
    assert "SPACE_TO_DEPTH" not in found


def test_an_odd_side_has_no_blocks_and_the_model_stays_as_it_was() -> None:
    model, images = network(side=27), inputs(side=27)
    before = [weights.copy() for weights in model.get_weights()]
    _, outputs, found = converted(model, "float32", images)
    assert "SPACE_TO_DEPTH" not in found
    assert np.abs(outputs - model.predict(images, verbose=0)).max() < 1e-5
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert "call" not in vars(model.layers[0])
