"""Networks as people bring them: whatever they take and give, plain Keras' own count of right digits is the truth."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import mnist_edge.converters.convert as convert_module
from mnist_edge.benchmarks.release.brought_kinds import KINDS, STRUCTURES, Kind
from mnist_edge.benchmarks.release.brought_networks import FLOAT, layers, sequential
from mnist_edge.benchmarks.release.plain_tensorflow import answers, write_tflite
from mnist_edge.classifier import Classifier
from mnist_edge.cli import app
from mnist_edge.converters.convert import convert
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import DataError, ModelError, ModelWarning
from mnist_edge.evaluate import KerasClassifier, evaluate
from mnist_edge.metadata import append_metadata, read_metadata
from mnist_edge.pixel_trial import trial_images, try_classifier, try_keras
from mnist_edge.refusal import SCORE
from mnist_edge.training_stack import load_keras


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def network(kind: Kind) -> Any:
    return kind.network()


@pytest.fixture
def noted(kind: Kind, request: pytest.FixtureRequest) -> Iterator[None]:
    """Checks that what was added is said, and nothing else."""
    if kind.untold and request.node.callspec.params.get("io", "float32") != "float32":
        pytest.skip("its bytes span its own scale")
    if kind.untold:
        with pytest.warns(ModelWarning, match="is run as with --"):
            yield
        return
    if kind.gives is None:
        yield
        return
    with pytest.warns(ModelWarning, match=f"gives {kind.gives}, no probabilities; a softmax is"):
        yield


def truth(kind: Kind, network: Any, data: Dataset) -> int:
    """How many test images plain Keras gets right."""
    return int((answers(network, kind.shown(data.test.images)) == data.test.labels).sum())


@pytest.mark.usefixtures("noted")
def test_keras_is_evaluated_as_keras_does(kind: Kind, network: Any, few: Dataset) -> None:
    trained_on = try_keras(network, trial_images(few))
    found = KerasClassifier(network, trained_on=trained_on).probabilities(few.test.images)
    assert abs(int((found.argmax(axis=1) == few.test.labels).sum()) - truth(kind, network, few)) <= 1
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_file_of_any_structure_is_evaluated(name: str, few: Dataset, tmp_path: Path) -> None:
    network = STRUCTURES[name].network()
    network.save(tmp_path / "a.keras")
    assert abs(evaluate(tmp_path / "a.keras", few.test).correct - truth(STRUCTURES[name], network, few)) <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* is bound to a batch of 1")
@pytest.mark.usefixtures("noted")
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_what_is_exported_says_what_keras_says(
    kind: Kind, network: Any, few: Dataset, tmp_path: Path, precision: str
) -> None:
    if precision == "int8" and not kind.int8:
        pytest.skip("XNNPACK cannot prepare it with any weights")
    right = truth(kind, network, few)
    exported = convert(network, precision, data=few, samples=200, output=tmp_path / "a.tflite")
    result = evaluate(exported.path, few.test)
    assert result.correct == (exported.accuracy or {})["correct"]
    assert abs(result.correct - right) <= 0.01 * len(few.test) and right > 0.9 * len(few.test)
    assert result.ece < 0.1
    metadata = read_metadata(exported.path)
    assert metadata["output"] == {"meaning": "probabilities", "softmax": "appended" if kind.gives else "trained"}
    assert metadata["parity"]["agreement"] > 0.97 and metadata["parity"]["split"] == "validation"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::mnist_edge.errors.ModelWarning")
def test_what_kills_the_converter_is_one_line(few: Dataset, tmp_path: Path) -> None:
    """A SavedModel shows no layers, so that its loop cannot be written out."""
    KINDS["recurrent"].network().export(tmp_path / "saved", verbose=False)
    with pytest.raises(ModelError, match=r"saved cannot be converted to int8 \(the converter: .+\)") as caught:
        convert(tmp_path / "saved", "int8", data=few, samples=20, output=tmp_path / "a.tflite")
    assert "\n" not in str(caught.value)
    by_pixel = sequential(layers().Reshape((784, 1)), layers().SimpleRNN(4, name="long"), layers().Dense(10))
    with pytest.raises(ModelError, match=r"layer 'long' takes more than 64 steps.*--quantize dynamic"):
        to_flatbuffer(by_pixel, find_precision("int8"), "int8", None)


@pytest.mark.parametrize(
    ("suffix", "way"), [("onnx", "onnx2tf"), ("pt", "PyTorch"), ("pb", "SavedModel"), ("json", "weights")]
)
def test_a_file_of_another_tool_says_how_to_come_from_there(
    suffix: str, way: str, few: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"whatever it holds")
    for use in (lambda: evaluate(path, few.test), lambda: convert(path, "int8", data=few)):
        with pytest.raises(ModelError, match=way):
            use()


def test_what_is_no_digit_network_is_one_line(few: Dataset, tmp_path: Path) -> None:
    keras = load_keras()

    class Broken(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, images: Any) -> Any:
            raise TypeError("takes a batch and a mask")

    letters = sequential(layers().Flatten(), layers().Dense(26))
    two = sequential(layers().Flatten(), layers().Dense(10))
    two = keras.Model(two.inputs, [two.outputs[0], two.outputs[0]])
    for model, reason in ((Broken(), "takes a batch and a mask"), (letters, "gives .*26"), (two, "gives .*10.*10")):
        with pytest.raises(ModelError, match=reason) as caught:
            convert(model, "none", data=few, output=tmp_path / "a.tflite")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("precision", ["none", "dynamic"])
def test_float_exports_need_not_every_digit(trained: Path, few: Dataset, tmp_path: Path, precision: str) -> None:
    def without_seven(split: Split) -> Split:
        return split.take(np.flatnonzero(split.labels != 7)[:120])

    training, validation, test = map(without_seven, (few.training, few.validation, few.test))
    data = replace(few, training=training, validation=validation, test=test)
    exported = convert(trained, precision, data=data, output=tmp_path / "a.tflite")
    assert exported.parity and exported.parity.passed
    with pytest.raises(DataError, match="show no 7"):
        convert(trained, "int8", data=data, samples=50, output=tmp_path / "b.tflite")


def test_an_export_whose_decisions_fall_apart_is_written_only_if_told(
    trained: Path, few: Dataset, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a converter scales weights wrongly: what it makes is another network, and runs."""
    other = sequential(layers().Flatten(), layers().Dense(10, activation="softmax"))
    monkeypatch.setattr(convert_module, "to_flatbuffer", lambda *_: to_flatbuffer(other, *_[1:]))
    path = tmp_path / "a.tflite"
    command = ["export", str(trained), "--quantize", "dynamic", "--data", str(data_folder), "--output", str(path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 3 and not path.exists()
    for reason in ("accuracy dropped by", "they agree on", "single digit", "--keep"):
        assert reason in result.stderr
    result = CliRunner().invoke(app, [*command, "--keep", "--json"])
    assert result.exit_code == 3 and json.loads(result.stdout)["parity"]["passed"] is False
    assert read_metadata(path)["parity"]["agreement"] < 0.5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* is bound to a batch of 1", "ignore:.* is run as with")
@pytest.mark.usefixtures("noted")
@pytest.mark.parametrize("io", ["float32", "int8", "uint8"])
def test_a_tflite_of_others_says_what_keras_says(
    kind: Kind, network: Any, few: Dataset, tmp_path: Path, io: str
) -> None:
    if FLOAT not in kind.files:
        pytest.skip("TensorFlow's converter makes nothing of it that runs")
    images = kind.shown(few.training.images[:200]) if io != "float32" else None
    classifier = Classifier(write_tflite(network, tmp_path / "a.tflite", images, io), runtime="ai-edge-litert")
    try_classifier(classifier, trial_images(few))
    found = classifier.probabilities(few.test.images)
    assert abs(int((found.argmax(axis=1) == few.test.labels).sum()) - truth(kind, network, few)) <= 0.01 * len(few.test)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=0.03)
    assert np.array_equal(classifier.probabilities(few.test.images[:3]), found[:3])


@pytest.mark.slow
def test_the_commands_say_once_what_they_appended(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network of the most read tutorials, as the older `.h5` too, through the commands of the README."""
    monkeypatch.chdir(tmp_path)
    network = KINDS["logits"].network()
    network.save("tutorial.keras")
    network.save("tutorial.h5")
    write_tflite(network, Path("tutorial.tflite"))
    accuracies = []
    for command in (
        ["export", "tutorial.keras", "--output", "a.tflite"],
        ["export", "tutorial.h5", "--output", "b.tflite"],
        ["evaluate", "tutorial.h5"],
        ["evaluate", "tutorial.tflite"],
        ["verify", "tutorial.keras", "a.tflite"],
        ["benchmark", "tutorial.tflite", "--accuracy", "--runs", "2"],
    ):
        result = CliRunner().invoke(app, [*command, "--data", str(data_folder), "--json"])
        assert result.exit_code == 0, result.stderr
        assert result.stderr.count("gives logits, no probabilities") == 1
        document = json.loads(result.stdout)
        found = document[0] if isinstance(document, list) else document.get("reference", document)
        accuracies.append(found["accuracy"]["accuracy"] if command[0] == "export" else found["accuracy"])
    assert accuracies == [pytest.approx(accuracies[0], abs=0.003)] * 6 and accuracies[0] > 0.9
    silent = CliRunner().invoke(app, ["evaluate", "a.tflite", "--data", str(data_folder)])
    assert silent.exit_code == 0 and "softmax" not in silent.stderr


def test_a_temperature_that_was_fitted_to_logits_is_left_aside(few: Dataset, tmp_path: Path) -> None:
    """As in files that were exported before outputs were recognised."""
    network = KINDS["logits"].network()
    path = write_tflite(network, tmp_path / "a.tflite")
    facts = {"temperature": 0.25, "refusal": {"score": SCORE, "threshold": 0.9}}
    path.write_bytes(append_metadata(path.read_bytes(), facts))
    with pytest.warns(ModelWarning):
        classifier = Classifier(path)
    assert (classifier.temperature, classifier.refusal_threshold) == (1, None)
    right = classifier.probabilities(few.test.images).argmax(axis=1) == few.test.labels
    assert right.mean() > 0.9 and evaluate_quietly(path, few) == right.mean()


def evaluate_quietly(path: Path, data: Dataset) -> float:
    with pytest.warns(ModelWarning):
        return evaluate(path, data.test).accuracy
