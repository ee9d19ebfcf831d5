from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature
from mnist_edge.classifier import MAX_BATCH, Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.metadata import append_metadata, read_metadata, strip_metadata
from mnist_edge.refusal import SCORE, digit_score
from mnist_edge.tensors import as_input, quantise

PRECISIONS = ("float32", "float16", "dynamic", "int8", "int16x8")


@pytest.fixture(scope="module", params=PRECISIONS)
def classifier(request: pytest.FixtureRequest, exported: dict[str, Path]) -> Classifier:
    return Classifier(exported[request.param])


@pytest.fixture(scope="module")
def images(digits: Dataset) -> NDArray[np.uint8]:
    return digits.test.images[:300]


@pytest.fixture(scope="module")
def one_by_one(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([classifier.probabilities(image[None]) for image in images])


@pytest.mark.parametrize("count", [0, 1, 3, MAX_BATCH, 300])
def test_a_batch_gives_what_its_images_give_one_by_one(
    classifier: Classifier, images: NDArray[np.uint8], one_by_one: NDArray[np.float32], count: int
) -> None:
    found = classifier.probabilities(images[:count])
    assert found.shape == (count, 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, one_by_one[:count], atol=1e-5)


def test_batches_of_changing_size_do_not_disturb_each_other(
    classifier: Classifier, images: NDArray[np.uint8], one_by_one: NDArray[np.float32]
) -> None:
    for start, stop in ((0, 5), (5, 6), (6, 300), (0, 1), (10, 17)):
        assert classifier.probabilities(images[start:stop]) == pytest.approx(one_by_one[start:stop], abs=1e-5)


def test_float_images_are_decided_like_the_bytes_they_come_from(
    classifier: Classifier, images: NDArray[np.uint8], one_by_one: NDArray[np.float32]
) -> None:
    for floating in (np.float32, np.float64, np.float16):
        found = classifier.probabilities((images / 255).astype(floating))
        # float16 has 11 bits: a pixel may fall on the other side of a rounding.
        assert (found.argmax(1) == one_by_one.argmax(1)).mean() >= (0.99 if floating is np.float16 else 1)


def test_the_channel_may_be_left_out(
    classifier: Classifier, images: NDArray[np.uint8], one_by_one: NDArray[np.float32]
) -> None:
    assert classifier.probabilities(images[..., 0]) == pytest.approx(one_by_one, abs=1e-5)


def test_probabilities_are_probabilities(classifier: Classifier, one_by_one: NDArray[np.float32]) -> None:
    assert one_by_one.min() >= 0
    assert one_by_one.max() <= 1
    np.testing.assert_allclose(one_by_one.sum(axis=1), 1, atol=10 / 256)


def test_most_digits_are_right(digits: Dataset, images: NDArray[np.uint8], one_by_one: NDArray[np.float32]) -> None:
    # Far above chance for a model that was trained for a moment: scaling, sign and order are right.
    assert (one_by_one.argmax(1) == digits.test.labels[:300]).mean() > 0.6


def test_the_result_survives_the_next_call(classifier: Classifier, images: NDArray[np.uint8]) -> None:
    first = classifier.probabilities(images[:1])
    kept = first.copy()
    classifier.probabilities(images[1:2])
    assert np.array_equal(first, kept)


def test_images_that_are_not_contiguous_are_read_as_they_look(
    classifier: Classifier, images: NDArray[np.uint8], one_by_one: NDArray[np.float32]
) -> None:
    turned = np.ascontiguousarray(images.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    assert classifier.probabilities(turned) == pytest.approx(one_by_one, abs=1e-5)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (np.zeros((1, 27, 28), np.uint8), "shape"),
        (np.zeros((1, 28, 28, 3), np.uint8), "shape"),
        (np.zeros((1, 784), np.float32), "shape"),
        (np.zeros((1, 28, 28), bool), "uint8"),
        (np.full((1, 28, 28), -0.1), "0 to 1"),
    ],
)
def test_what_is_no_image_is_refused(wrong: NDArray[Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Classifier("nano").probabilities(wrong)


def test_one_hot_pixel_reaches_the_int8_tensor_by_the_formula(exported: dict[str, Path]) -> None:
    classifier = Classifier(exported["int8"])
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 3, 4], image[0, 5, 6] = 255, 100
    classifier.probabilities(image)
    tensor = classifier.interpreter.get_tensor(classifier.input["index"])[0, :, :, 0]
    scale, zero_point = classifier.input["quantization"]
    for pixel, place in ((0, (0, 0)), (255, (3, 4)), (100, (5, 6))):
        assert tensor[place] == min(max(round(pixel / 255 / scale) + zero_point, -128), 127)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_tensorflow_decides_like_the_device_runtime(
    exported: dict[str, Path], images: NDArray[np.uint8], precision: str
) -> None:
    pytest.importorskip("tensorflow", exc_type=ImportError)
    ours = Classifier(exported[precision], runtime="ai-edge-litert").probabilities(images)
    theirs = Classifier(exported[precision], runtime="tensorflow")
    assert theirs.runtime.startswith("tensorflow ")
    found = theirs.probabilities(images)
    differ = found.argmax(1) != ours.argmax(1)
    top = np.sort(ours[differ], axis=1)
    # Where they differ, the two best digits must be a tie, one quantum apart at most.
    assert (top[:, -1] - top[:, -2] <= 1.5 / 256).all()
    assert np.abs(found - ours).max() <= 1.5 / 256


def test_threads_do_not_change_decisions(exported: dict[str, Path], images: NDArray[np.uint8]) -> None:
    one = Classifier(exported["int8"], threads=1).probabilities(images[:50])
    two = Classifier(exported["int8"], threads=2).probabilities(images[:50])
    assert (one.argmax(1) == two.argmax(1)).all()


def test_name_and_runtime_are_known(exported: dict[str, Path]) -> None:
    classifier = Classifier(exported["int8"], runtime="ai-edge-litert")
    assert classifier.path == exported["int8"]
    assert classifier.name == classifier.metadata["name"]
    assert classifier.runtime.split()[0] == "ai-edge-litert"
    assert classifier.runtime.split()[1][0].isdigit()


def with_metadata(model: Path, folder: Path, **facts: object) -> Path:
    """The same network with other metadata; None takes a fact away."""
    changed = {name: value for name, value in (read_metadata(model) | facts).items() if value is not None}
    path = folder / model.name
    path.write_bytes(append_metadata(strip_metadata(model.read_bytes()), changed))
    return path


@pytest.mark.parametrize("precision", PRECISIONS)
def test_confidence_is_scaled_by_the_temperature_of_the_file(
    exported: dict[str, Path], images: NDArray[np.uint8], tmp_path: Path, precision: str
) -> None:
    path = with_metadata(exported[precision], tmp_path, temperature=1.7)
    scaled, plain = Classifier(path), Classifier(path, calibrated=False)
    assert scaled.temperature == plain.temperature == 1.7
    expected = apply_temperature(plain.probabilities(images), 1.7)
    found = scaled.probabilities(images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(scaled.probabilities(images[:1]), expected[:1], atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("temperature", [None, 1, 1.0])
def test_without_a_temperature_the_softmax_is_as_the_file_gives_it(
    exported: dict[str, Path], images: NDArray[np.uint8], tmp_path: Path, precision: str, temperature: float | None
) -> None:
    classifier = Classifier(with_metadata(exported[precision], tmp_path, temperature=temperature))
    plain = Classifier(exported[precision], calibrated=False)
    assert classifier.temperature == 1
    np.testing.assert_array_equal(classifier.probabilities(images), plain.probabilities(images))


def test_below_the_threshold_is_no_digit_with_or_without_calibration(
    exported: dict[str, Path], images: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = with_metadata(exported["float32"], tmp_path, temperature=1.7, refusal={"score": SCORE, "threshold": 0.8})
    scaled, plain = Classifier(path), Classifier(path, calibrated=False)
    assert scaled.refusal_threshold == 0.8
    probabilities = scaled.probabilities(images)
    found = scaled.is_digit(probabilities)
    assert found.dtype == np.bool_
    assert found.tolist() == (digit_score(probabilities) >= 0.8).tolist()
    assert 0 < found.sum() < len(images)
    assert plain.is_digit(plain.probabilities(images)).tolist() == found.tolist()
    assert scaled.is_digit(probabilities[:0]).shape == (0,)


def test_without_a_threshold_all_are_digits(exported: dict[str, Path], tmp_path: Path) -> None:
    classifier = Classifier(with_metadata(exported["int8"], tmp_path, refusal=None))
    assert classifier.refusal_threshold is None
    assert classifier.is_digit(np.full((3, 10), 0.1, np.float32)).tolist() == [True] * 3


@pytest.mark.parametrize("temperature", [float("nan"), float("inf"), -1.0, 0, 1e9, "1.2", True, [1.0], {}])
def test_a_temperature_that_makes_no_sense_is_one_clear_error(
    exported: dict[str, Path], tmp_path: Path, temperature: object
) -> None:
    path = with_metadata(exported["int8"], tmp_path, temperature=temperature)
    with pytest.raises(ModelError, match=r"two-conv\.int8\.tflite says its temperature is .*export it again") as caught:
        Classifier(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "refusal",
    [
        0.5, "high", [], True, {}, {"score": SCORE}, {"threshold": 0.5}, {"score": "margin", "threshold": 0.5},
        *({"score": SCORE, "threshold": value} for value in (float("nan"), -0.1, 1.1, "0.5", None, True)),
    ],
)  # fmt: skip
def test_a_refusal_that_makes_no_sense_is_one_clear_error(
    exported: dict[str, Path], tmp_path: Path, refusal: object
) -> None:
    path = with_metadata(exported["int8"], tmp_path, refusal=refusal)
    with pytest.raises(ModelError, match=r"two-conv\.int8\.tflite says it refuses by .*export it again"):
        Classifier(path)


@pytest.fixture(scope="module")
def three_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that works but is no digit model: (1, 8, 8, 1) to (1, 3)."""
    pytest.importorskip("tensorflow", exc_type=ImportError)
    from mnist_edge.training_stack import load_keras, load_tensorflow

    keras, tensorflow = load_keras(), load_tensorflow()
    layers = [keras.Input((8, 8, 1), batch_size=1), keras.layers.Flatten(), keras.layers.Dense(3)]
    content = tensorflow.lite.TFLiteConverter.from_keras_model(keras.Sequential(layers)).convert()
    path: Path = tmp_path_factory.mktemp("models") / "three.tflite"
    path.write_bytes(content)
    return path


def test_a_model_of_another_shape_is_refused_with_both_shapes(three_classes: Path) -> None:
    with pytest.raises(ModelError, match=r"three\.tflite maps \(1, 8, 8, 1\) to \(1, 3\).*\(1, 28, 28, 1\)"):
        Classifier(three_classes)


@pytest.mark.parametrize("model", ["nano.int8", "nano.float32"])
def test_one_image_reaches_the_network_as_every_pixel_is_quantised(model: str) -> None:
    classifier = Classifier(model)
    # Every value of a pixel, from a view that is not contiguous.
    wide = np.resize(np.arange(256, dtype=np.uint8), (1, 28, 56, 1))
    first = classifier.probabilities(wide[:, :, ::2])
    kept = first.copy()
    tensor = classifier.interpreter.get_tensor(classifier.input["index"])
    assert np.array_equal(tensor, quantise(as_input(wide[:, :, ::2]), classifier.input))
    classifier.probabilities(255 - wide[:, :, ::2])
    assert np.array_equal(first, kept), "an answer must not change with the next"
