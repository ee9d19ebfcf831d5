from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.end_to_end import sample_ink, stages
from mnist_edge.classifier import Classifier
from mnist_edge.normalisation import normalise


@pytest.fixture(scope="module")
def classifier(exported: dict[str, Path]) -> Classifier:
    return Classifier(exported["int8"])


def test_the_sample_is_a_ring_of_ink() -> None:
    ink = sample_ink()
    assert ink.shape == (60, 45)
    assert ink.dtype == np.uint8
    assert ink.max() == 255
    assert ink[30, 22] == ink[0, 0] == 0
    # It touches all four sides within a few pixels, so that normalising has the work of a real digit.
    rows, columns = np.nonzero(ink)
    assert np.ptp(rows) > 52 and np.ptp(columns) > 38


def test_the_stages_do_what_a_user_would(classifier: Classifier) -> None:
    of_model = stages(classifier)
    expected = int(classifier.probabilities(normalise(sample_ink())[None]).argmax())
    assert of_model.classify() == of_model.end_to_end() == expected


def test_invoke_is_the_runtimes_own_with_a_real_image_in_the_input(classifier: Classifier) -> None:
    of_model = stages(classifier)
    assert of_model.invoke == classifier.interpreter.invoke
    tensor = classifier.interpreter.get_tensor(classifier.input["index"])
    assert tensor.shape == (1, 28, 28, 1)
    assert np.ptp(tensor.astype(int)) > 200
