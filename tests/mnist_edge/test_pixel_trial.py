"""What a network was trained to take for background and ink, found out on images whose labels are known."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.errors import ModelWarning
from mnist_edge.keras_network import suggested_pixels
from mnist_edge.pixel_trial import find_pixels, try_keras
from mnist_edge.pixels import Pixels
from mnist_edge.training_stack import load_keras

LABELS = np.arange(200, dtype=np.uint8) % 10
TRIED = {"": Pixels(0, 1), "--invert": Pixels(1, 0), "--pixels 0..255": Pixels(0, 255)}


def answers(right: dict[Pixels, int]) -> Callable[[Pixels], NDArray[np.float32]]:
    """A network that has so many of the first labels right with some pixels."""

    def ask(pixels: Pixels) -> NDArray[np.float32]:
        said = np.where(np.arange(200) < right.get(pixels, 0), LABELS, (LABELS + 1) % 10)
        return np.eye(10, dtype=np.float32)[said]

    return ask


def test_the_scale_that_is_clearly_right_is_taken_and_said() -> None:
    with pytest.warns(ModelWarning, match="net is run as with --pixels 0..255: so it reads 95% of 200 .* 16% with"):
        assert find_pixels("net", answers({Pixels(0, 1): 32, Pixels(0, 255): 190}), TRIED, LABELS) == Pixels(0, 255)


@pytest.mark.parametrize(("suggested", "other"), [(190, 190), (180, 188), (100, 130), (196, 200), (190, 0)])
def test_what_the_file_suggests_stays_unless_another_is_far_better(suggested: int, other: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_pixels("net", answers({Pixels(0, 1): suggested, Pixels(1, 0): other}), TRIED, LABELS) is None


def test_where_none_is_right_a_line_asks() -> None:
    with pytest.warns(ModelWarning, match=r"net reads 30% of 200 .* at most.*--pixels and --invert"):
        assert find_pixels("net", answers({Pixels(0, 1): 20, Pixels(1, 0): 60}), TRIED, LABELS) is None


def brightness(scale: float, shift: float) -> Any:
    """A network of Keras that tells from the mean of its pixels which of two levels of ink an image has."""
    keras = load_keras()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    # Ink of a half is in the middle.
    middle = shift + scale / 2
    model.set_weights([np.array([[-8.0, 8.0]]) / scale, np.array([8.0, -8.0]) * middle / scale])
    return model


@pytest.mark.parametrize(
    ("scale", "shift", "found"), [(1, 0, None), (255, 0, Pixels(0, 255)), (2, -1, Pixels(-1, 1)), (-1, 1, Pixels(1, 0))]
)
def test_a_network_of_keras_is_tried(scale: float, shift: float, found: Pixels | None) -> None:
    levels = np.linspace(0, 255, 200).round().astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (200, 28, 28, 1)).copy()
    network = brightness(scale, shift)
    with warnings.catch_warnings():
        warnings.simplefilter("error" if found is None else "ignore")
        assert try_keras(network, Split(images, (levels > 127).astype(np.uint8)), 2) == found
    assert suggested_pixels(network) == Pixels(0, 1)
