import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.evaluate import KerasClassifier, evaluate, score
from mnist_edge.keras_files import load_keras_model
from mnist_edge.training_stack import load_keras


@pytest.mark.slow
def test_keras_and_tflite_give_the_same_figures(trained: Path, exported: dict[str, Path], digits: Dataset) -> None:
    keras, float32 = evaluate(trained, digits.test), evaluate(exported["float32"], digits.test)
    assert keras.confusion == float32.confusion
    # Scaled by its temperature, the .tflite is no less likely to be right.
    assert float32.loss < keras.loss + 0.005
    assert (keras.temperature, float32.temperature) == (1, Classifier(exported["float32"]).temperature)
    assert keras.accuracy > 0.9


def test_figures_agree_with_scikit_learn() -> None:
    from sklearn import metrics

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 9, 500).astype(np.uint8)
    logits = rng.normal(size=(500, 10)) + 2 * np.eye(10)[labels]
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    result, said = score(probabilities, labels, "m", "r"), probabilities.argmax(axis=1)
    assert result.accuracy == pytest.approx(metrics.accuracy_score(labels, said))
    assert result.loss == pytest.approx(metrics.log_loss(labels, probabilities, labels=range(10)), rel=1e-5)
    assert np.array_equal(result.confusion, metrics.confusion_matrix(labels, said, labels=range(10)))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, said, labels=range(10), zero_division=0
    )
    for figures in result.per_class:
        expected = [array[figures.label] for array in (precision, recall, f1, support)]
        assert [figures.precision, figures.recall, figures.f1, figures.images] == pytest.approx(expected)


def test_the_calibration_error_is_of_the_probabilities_that_were_scored() -> None:
    probabilities = np.full((10, 10), 0.2 / 9, np.float32)
    probabilities[:, 3] = 0.8
    labels = np.array([3] * 5 + [4] * 5, np.uint8)
    result = score(probabilities, labels, "m", "r")
    assert result.ece == pytest.approx(0.3)
    assert result.to_json()["ece"] == result.ece and result.to_json()["temperature"] == 1


def test_a_sure_and_wrong_answer_has_a_finite_loss() -> None:
    probabilities = np.eye(10, dtype=np.float32)[[3]]
    assert score(probabilities, np.array([4], np.uint8), "m", "r").loss == pytest.approx(-np.log(1e-7), rel=1e-3)


def test_a_keras_model_of_another_shape_is_refused() -> None:
    keras = load_keras()
    with pytest.raises(ModelError, match="a digit model takes"):
        KerasClassifier(keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Flatten()]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a model"])
def test_a_damaged_keras_file_is_named(tmp_path: Path, content: bytes, digits: Dataset) -> None:
    path = tmp_path / "broken.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.keras is no Keras model"):
        evaluate(path, digits.test)


def test_keras_may_quote_a_configuration_but_the_message_stays_short(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps({"module": "x" * 20_000}))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ModelError, match="can be loaded") as caught:
        load_keras_model(path)
    assert len(str(caught.value)) < 500
