from pathlib import Path
from typing import Any

import pytest

from mnist_edge.classifier import Classifier
from mnist_edge.converters.convert import convert
from mnist_edge.models.build import build
from mnist_edge.models.recipes import RECIPES
from mnist_edge.tflite_graph import count_macs, operators
from mnist_edge.training_stack import load_keras


def interpreter_of(model: Any, folder: Path) -> Any:
    return Classifier(convert(model, "none", output=folder / "model.tflite").path).interpreter


# By hand, of the two classics: 784 x 128 + 128 x 10, and 26 x 26 x 32 x 9 + 11 x 11 x 64 x 288 + 1600 x 128 + 1280.
MACS = {"mlp": 101_632, "two-conv": 194_688 + 2_230_272 + 204_800 + 1_280, "small": 3_091_216}


@pytest.mark.parametrize("recipe", MACS)
def test_macs_are_those_of_the_keras_model(recipe: str, tmp_path: Path) -> None:
    assert count_macs(interpreter_of(build(RECIPES[recipe]), tmp_path)) == MACS[recipe]


def test_operators_are_the_models_own_in_order(tmp_path: Path) -> None:
    found = operators(interpreter_of(build(RECIPES["two-conv"]), tmp_path))
    assert found == {"CONV_2D": 2, "MAX_POOL_2D": 2, "RESHAPE": 1, "FULLY_CONNECTED": 2, "SOFTMAX": 1}
    assert next(iter(found)) == "CONV_2D" and next(reversed(found)) == "SOFTMAX"


def test_a_depthwise_convolution_counts_its_window_and_any_batch_counts_as_one_image(tmp_path: Path) -> None:
    keras = load_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 1),
            layers.DepthwiseConv2D(5),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    interpreter = interpreter_of(model, tmp_path)
    expected = 28 * 28 * 8 * 1 + 24 * 24 * 8 * 25 + 8 * 10
    assert count_macs(interpreter) == expected
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (16, 28, 28, 1))
    interpreter.allocate_tensors()
    assert interpreter.get_output_details()[0]["shape"][0] == 16
    assert count_macs(interpreter) == expected
