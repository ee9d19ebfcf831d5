"""A finder's file gives what its Keras network gives, for ink levels of any size, in every type of input."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge import model_file
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.detection import CHANNELS, MULTIPLE
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.finder_network import SIZES, FinderNetwork
from mnist_edge.ink_level import ink_level
from mnist_edge.keras_files import load_keras_model
from mnist_edge.metadata import append_metadata, read_metadata, strip_metadata
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.shipped_models import resolve


@pytest.fixture(scope="module")
def level(digits: Dataset) -> np.ndarray:
    return ink_level(draw_page(digits.validation, 0, Conditions(rows=3, columns=6), width=320, height=240).image)


def of_keras(finders: Path, level: np.ndarray) -> np.ndarray:
    """What the Keras network gives for the level with paper around it."""
    height, width = level.shape
    padded = np.zeros([1, *(-(-side // MULTIPLE) * MULTIPLE for side in level.shape), 1], np.float32)
    padded[0, :height, :width, 0] = level / np.float32(255)
    output = np.asarray(load_keras_model(finders / "finder.keras")(padded))
    return output[0, : -(-height // 8), : -(-width // 8)]


@pytest.mark.parametrize("size", [(240, 320), (32, 32), (33, 50), (200, 31)])
def test_the_float_file_gives_what_keras_gives(finders: Path, level: np.ndarray, size: tuple[int, int]) -> None:
    cut = level[: size[0], : size[1]]
    output = FinderNetwork(finders / "finder.float32.tflite")(cut)
    assert output.shape == (-(-size[0] // 8), -(-size[1] // 8), 4 * CHANNELS) and output.dtype == np.float32
    np.testing.assert_allclose(output, of_keras(finders, cut), atol=2e-3)


def test_the_int8_file_is_off_by_little_where_digits_may_be(finders: Path, level: np.ndarray) -> None:
    expected = of_keras(finders, level).reshape(-1, CHANNELS)
    found = FinderNetwork(finders / "finder.int8.tflite")(level).reshape(-1, CHANNELS)
    sure = expected[:, 0] > -2
    assert sure.sum() > 100
    # A share of what the channel spans.
    error = np.abs(found - expected)[sure].mean(axis=0) / np.ptp(expected[sure], axis=0)
    assert error.max() < 0.03
    # What belongs to other channels is much further off.
    assert (np.abs(found[:, ::-1] - expected)[sure].mean(axis=0) / np.ptp(expected[sure], axis=0)).mean() > 0.05


def test_an_input_of_uint8_gives_the_same(finders: Path, level: np.ndarray) -> None:
    int8, uint8 = (FinderNetwork(finders / f"finder.{io}.tflite") for io in ("int8", "uint8"))
    assert (int8.input["dtype"], uint8.input["dtype"]) == (np.int8, np.uint8)
    np.testing.assert_allclose(int8(level), uint8(level), atol=1e-5)


def test_sizes_in_turn_do_not_disturb_each_other(finders: Path, level: np.ndarray) -> None:
    network = FinderNetwork(finders / "finder.int8.tflite")
    sizes = [(32 + 8 * index, 64) for index in range(4 * SIZES)]
    first = [network(level[:height, :width]) for height, width in sizes]
    for (height, width), before in zip(sizes, first, strict=True):
        np.testing.assert_array_equal(network(level[:height, :width]), before)
    assert len(network._sizes) <= SIZES


@pytest.mark.parametrize(
    "wrong", [np.zeros((32, 32)), np.zeros((32, 32, 1), np.uint8), np.zeros((0, 32), np.uint8), "small"]
)
def test_what_is_no_ink_level_is_an_error(finders: Path, wrong: object) -> None:
    with pytest.raises(UsageError, match=r"must be a uint8 array of shape \(height, width\), not "):
        FinderNetwork(finders / "finder.int8.tflite")(wrong)  # type: ignore[arg-type]


def test_a_classifier_is_no_finder_and_the_reverse(finders: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^small\.int8\.tflite is no finder: by its metadata it is a 'classifier'$"):
        FinderNetwork("small")
    with pytest.raises(ModelError, match=r"^finder\.int8\.tflite is no classifier: by its metadata it is a 'finder'$"):
        Classifier(finders / "finder.int8.tflite")
    # Without metadata their shapes tell.
    for name, source in (("a", resolve("nano")), ("b", finders / "finder.int8.tflite")):
        (tmp_path / f"{name}.tflite").write_bytes(strip_metadata(source.read_bytes()))
    with pytest.raises(ModelError, match=r"^a\.tflite maps \(1, 28, 28, 1\) to \(1, 10\); a finder maps \(1, height"):
        FinderNetwork(tmp_path / "a.tflite")
    with pytest.raises(ModelError, match=r"^b\.tflite maps .* a digit model maps"):
        Classifier(tmp_path / "b.tflite")


def test_a_file_that_says_it_is_a_finder_must_have_the_shapes_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(append_metadata(strip_metadata(resolve("nano").read_bytes()), {"kind": "finder"}))
    with pytest.raises(ModelError, match=r"^a\.tflite maps \(1, 28, 28, 1\) to \(1, 10\); a finder maps \(1, height"):
        FinderNetwork(path)


@pytest.mark.parametrize("scaling", [3, {}, {"middles": [0.0] * 15, "halves": [1.0] * 14 + [0.0]}])
def test_a_scaling_that_makes_no_sense_is_an_error(finders: Path, tmp_path: Path, scaling: object) -> None:
    source, path = finders / "finder.int8.tflite", tmp_path / "a.tflite"
    metadata = read_metadata(source) | {"output": {"scaling": scaling}}
    path.write_bytes(append_metadata(strip_metadata(source.read_bytes()), metadata))
    with pytest.raises(ModelError, match=r"^a\.tflite says nothing sound of how its output is scaled"):
        FinderNetwork(path)


def test_a_file_of_unknown_origin_is_tried_in_a_process_of_its_own(
    finders: Path, level: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, path = strip_metadata((finders / "finder.float32.tflite").read_bytes()), tmp_path / "a.tflite"
    path.write_bytes(network)
    np.testing.assert_array_equal(FinderNetwork(path)(level), FinderNetwork(finders / "finder.float32.tflite")(level))
    monkeypatch.setattr(model_file, "TRIAL_SECONDS", 0.0)
    with pytest.raises(ModelError, match=r"^a\.tflite cannot be run here \(trial run: no answer within 0 s\)"):
        FinderNetwork(path)
    monkeypatch.undo()
    path.write_bytes(network[:2000])
    with pytest.raises(ModelError, match=r"^a\.tflite cannot be run here: [^\n]*$"):
        FinderNetwork(path)
