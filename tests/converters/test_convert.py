import json
import signal
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_edge.calibration import fit_temperature
from mnist_edge.classifier import Classifier
from mnist_edge.converters import flatbuffer
from mnist_edge.converters.convert import convert
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.dataset import Dataset
from mnist_edge.errors import CheckFailed, DataError, ModelError, ModelWarning, OutputError, UsageError
from mnist_edge.evaluate import evaluate, load_predictor
from mnist_edge.keras_files import load_keras_model
from mnist_edge.metadata import strip_metadata
from mnist_edge.shipped_models import shipped_models
from mnist_edge.tflite_graph import operators, read_graph
from mnist_edge.training_stack import load_keras

# Largest difference from the .keras file's probabilities that rounding explains.
ROUNDING = {"float32": 1e-5, "float16": 0.01, "dynamic": 0.05, "int8": 0.15, "int16x8": 0.05}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_says_what_the_keras_model_says(
    precision: str, trained: Path, exported: Mapping[str, Path], few: Dataset
) -> None:
    expected = load_predictor(trained).probabilities(few.test.images)
    found = Classifier(exported[precision], calibrated=False).probabilities(few.test.images)
    assert np.abs(found - expected).max() < ROUNDING[precision]
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.99


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_batch_gives_what_single_images_give(precision: str, exported: Mapping[str, Path], few: Dataset) -> None:
    classifier = Classifier(exported[precision])
    images = few.test.images[:20]
    together = classifier.probabilities(images)
    single = np.concatenate([Classifier(exported[precision]).probabilities(image[None]) for image in images])
    # Dynamic finds the range of each batch anew.
    assert np.abs(together - single).max() <= (0.05 if precision == "dynamic" else 1 / 256)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_graph_has_no_operator_for_a_dynamic_batch(precision: str, exported: Mapping[str, Path]) -> None:
    found = operators(Classifier(exported[precision]).interpreter)
    assert not {"SHAPE", "STRIDED_SLICE", "PACK"} & found.keys()
    assert found["CONV_2D"] == 2 and found["FULLY_CONNECTED"] == 2


def test_smaller_precisions_are_smaller(exported: Mapping[str, Path]) -> None:
    size = {name: path.stat().st_size for name, path in exported.items()}
    assert size["float16"] < 0.6 * size["float32"]
    assert size["int8"] < 0.3 * size["float32"]


def test_int8_is_integer_throughout(exported: Mapping[str, Path]) -> None:
    graph = read_graph(Classifier(exported["int8"]).interpreter)
    found = {tensor.dtype for operator in graph for tensor in (*operator.inputs, *operator.outputs)}
    assert found == {"int8", "int32"}


def test_dynamic_has_one_scale_for_a_dense_layer(exported: Mapping[str, Path]) -> None:
    # Not allocated: that spreads the one scale over all outputs.
    interpreter = Interpreter(model_path=str(exported["dynamic"]))
    scales = {d["index"]: len(d["quantization_parameters"]["scales"]) for d in interpreter.get_tensor_details()}
    dense = [op["inputs"][1] for op in interpreter._get_ops_details() if op["op_name"] == "FULLY_CONNECTED"]
    assert [scales[index] for index in dense] == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("io", ["int8", "uint8", "float32"])
def test_io_changes_the_type_and_not_the_answers(
    io: str, trained: Path, exported: Mapping[str, Path], few: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    assert convert(trained, "int8", io=io, data=few, output=path).io == io
    classifier = Classifier(path, calibrated=False)
    assert np.dtype(classifier.input["dtype"]) == np.dtype(classifier.output["dtype"]) == io
    whole = Classifier(exported["int8"], calibrated=False).probabilities(few.test.images)
    assert np.abs(classifier.probabilities(few.test.images) - whole).max() <= 1 / 256


def test_an_io_that_does_not_fit_is_a_usage_error(trained: Path, few: Dataset) -> None:
    with pytest.raises(UsageError, match="float16 takes --io float32, not uint8"):
        convert(trained, "float16", io="uint8", data=few)
    with pytest.raises(UsageError, match="no precision 'int4'"):
        convert(trained, "int4", data=few)


def test_metadata_is_readable_with_the_standard_library(exported: Mapping[str, Path], digits: Dataset) -> None:
    with zipfile.ZipFile(exported["int8"]) as archive:
        metadata = json.loads(archive.read("metadata.json"))
        assert archive.read("labels.txt").split() == [b"%d" % digit for digit in range(10)]
    shown = digits.test.take(np.arange(metadata["accuracy"]["images"]))
    measured = evaluate(exported["int8"], shown)
    accuracy = metadata["accuracy"]
    assert (accuracy["images"], accuracy["correct"]) == (measured.images, measured.correct)
    assert accuracy["data"] == digits.name and accuracy["split"] == "test"
    assert metadata["calibration"] == {
        "images": 500,
        "seed": 0,
        "split": "training",
        "data": digits.name,
        "sha256": digits.sha256,
    }
    assert (metadata["name"], metadata["precision"], metadata["io"]) == ("two-conv", "int8", "int8")
    assert metadata["input"]["scale"] == pytest.approx(1 / 255, rel=1e-3) and metadata["input"]["zero_point"] == -128
    assert {"mnist-edge", "tensorflow"} <= metadata["versions"].keys()


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_temperature_and_threshold_are_those_of_the_file_on_validation_images(
    precision: str, exported: Mapping[str, Path], digits: Dataset
) -> None:
    classifier = Classifier(exported[precision])
    plain = Classifier(exported[precision], calibrated=False)
    split = digits.with_validation(5_000).validation
    few = split.take(np.arange(min(len(split), 1_000))) if precision == "int16x8" else split
    told = classifier.metadata
    assert told["confidence"]["images"] == len(split) and told["confidence"]["split"] == "validation"
    assert classifier.temperature == told["temperature"] != 1
    assert told["confidence"]["ece"] < 0.05
    assert (classifier.probabilities(few.images) != plain.probabilities(few.images)).any()
    if few is split:
        assert classifier.temperature == fit_temperature(plain.probabilities(few.images), few.labels)
        refused = ~classifier.is_digit(classifier.probabilities(split.images))
        assert refused.sum() <= 0.002 * len(split)
        assert refused.mean() == pytest.approx(told["confidence"]["refused"], abs=1 / len(split))


def test_without_data_there_is_nothing_to_choose_on(trained: Path, tmp_path: Path) -> None:
    written = convert(trained, "none", output=tmp_path / "a.tflite")
    classifier = Classifier(written.path)
    assert written.confidence is None
    assert (classifier.temperature, classifier.refusal_threshold) == (1, None)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    trained: Path, exported: Mapping[str, Path], few: Dataset, tmp_path: Path
) -> None:
    again = convert(trained, "int8", data=few, output=tmp_path / "a.int8.tflite")
    other = convert(trained, "int8", data=few, seed=1, output=tmp_path / "b.int8.tflite")
    graph = strip_metadata(exported["int8"].read_bytes())
    assert strip_metadata(again.path.read_bytes()) == graph
    assert strip_metadata(other.path.read_bytes()) != graph


@pytest.mark.slow
def test_ctrl_c_waits_for_the_converter_which_calls_python_from_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    one_at_a_time = flatbuffer.one_at_a_time

    def interrupted(images: flatbuffer.Images) -> Iterator[list[flatbuffer.Images]]:
        for image in one_at_a_time(images):
            signal.raise_signal(signal.SIGINT)
            given.append(image)
            yield image

    monkeypatch.setattr(flatbuffer, "one_at_a_time", interrupted)
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    weights = shipped_models()["nano"].weights
    assert weights
    model = load_keras_model(weights)
    with pytest.raises(KeyboardInterrupt):
        flatbuffer.to_flatbuffer(model, PRECISIONS["int8"], "float32", images)
    assert len(given) >= len(images)


def test_it_writes_beside_the_model_and_never_over_another_file(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(trained.read_bytes())
    written = convert(tmp_path, "none")
    assert written.path == tmp_path / "two-conv.float32.tflite"
    assert written.size_bytes == written.path.stat().st_size
    assert written.accuracy is None and written.calibration is None
    written.path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="--force"):
        convert(tmp_path, "none")
    assert written.path.read_bytes() == b"mine"
    convert(tmp_path, "none", force=True)
    assert Classifier(written.path).name == "two-conv"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.keras", "two-conv.float32.tflite"]


def test_int8_without_data_says_what_it_needs(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="int8 needs representative images"):
        convert(trained, "int8", output=tmp_path / "a.tflite")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_layer(trained: Path, value: float, tmp_path: Path) -> None:
    model = load_keras_model(trained)
    layer = model.layers[2]
    kernel, bias = layer.get_weights()
    kernel[0, 0, 0, 0] = value
    layer.set_weights([kernel, bias])
    with pytest.raises(ModelError, match=f"layer '{layer.name}' has NaN or infinity in 1 of {kernel.size}"):
        convert(model, "none", output=tmp_path / "a.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["none", "int8"])
def test_a_collapsed_model_is_refused(precision: str, trained: Path, few: Dataset, tmp_path: Path) -> None:
    model = load_keras_model(trained)
    layer = model.layers[-1]
    kernel, bias = layer.get_weights()
    # Beyond any logit, whatever range the pixels have.
    bias[3] = 1e6
    layer.set_weights([kernel, bias])
    refused = pytest.raises(CheckFailed, match=r"its source collapsed: its outputs are the same for all .* not written")
    with pytest.warns(ModelWarning, match="whatever scale of pixels is tried"), refused:
        convert(model, precision, data=few, samples=100, output=tmp_path / "a.tflite")
    assert not list(tmp_path.iterdir())


def test_other_shapes_are_refused_by_layer(tmp_path: Path) -> None:
    keras = load_keras()
    image = keras.Input((32, 48, 3), name="photo")
    wide = keras.Model(image, keras.layers.Dense(10)(keras.layers.Flatten()(image)))
    with pytest.raises(ModelError, match=r"'photo' takes \(None, 32, 48, 3\)"):
        convert(wide, "none", output=tmp_path / "a.tflite")
    many = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(63, name="az")])
    with pytest.raises(ModelError, match=r"'az' gives \(None, 63\)"):
        convert(many, "none", output=tmp_path / "a.tflite")


def test_branches_and_reshapes_keep_the_batch_free(few: Dataset, tmp_path: Path) -> None:
    keras = load_keras()
    image = keras.Input((28, 28, 1))
    added = keras.layers.Add()([keras.layers.Conv2D(4, 3)(image), keras.layers.Conv2D(4, 3)(image)])
    rows = keras.layers.Reshape((26, 104))(added)
    digits = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(rows))
    model = keras.Model(image, digits, name="branches")
    written = convert(model, "none", output=tmp_path / "a.tflite")
    expected = model.predict(few.test.images[:7] / np.float32(255), verbose=0)
    assert np.allclose(Classifier(written.path).probabilities(few.test.images[:7]), expected, atol=1e-5)


def test_a_tflite_is_no_source(exported: Mapping[str, Path]) -> None:
    with pytest.raises(ModelError, match=r"no Keras model; give the \.keras or \.h5 file"):
        convert(exported["float32"], "int8")
