from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.profiling import Part, plot_parts, profile_operators, profile_reader, sample_frames
from mnist_edge.camera.reader import Reader
from mnist_edge.classifier import Classifier
from mnist_edge.errors import UsageError
from mnist_edge.flatbuffer_view import first_operators
from mnist_edge.metadata import strip_metadata
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import find_shipped
from mnist_edge.tflite_graph import count_macs, read_graph


def test_a_cut_graph_computes_what_the_whole_one_does_up_to_there() -> None:
    content = strip_metadata(find_shipped("nano").default.read_bytes())
    whole, _ = build_interpreter(content, "nano")
    operators = read_graph(whole)
    image = np.random.default_rng(0).integers(-128, 128, (1, 28, 28, 1), np.int8)
    for count in (1, 4, len(operators)):
        part, _ = build_interpreter(first_operators(content, count), "nano")
        assert len(read_graph(part)) == count
        output = part.get_output_details()[0]
        assert tuple(output["shape"]) == operators[count - 1].outputs[0].shape
        part.set_tensor(part.get_input_details()[0]["index"], image)
        part.invoke()
    # All of them are the graph itself.
    whole.set_tensor(whole.get_input_details()[0]["index"], image)
    whole.invoke()
    first, second = (one.get_tensor(one.get_output_details()[0]["index"]) for one in (whole, part))
    assert np.array_equal(first, second)


def test_every_operator_has_its_time_and_the_convolutions_have_theirs() -> None:
    parts = profile_operators("nano.int8")
    classifier = Classifier("nano.int8")
    assert [part.name for part in parts] == [one.name for one in read_graph(classifier.interpreter)]
    assert sum(part.macs for part in parts) == count_macs(classifier.interpreter)
    assert sum(part.us for part in parts) > 0


def test_a_keras_model_is_refused() -> None:
    with pytest.raises(UsageError, match="export it first"):
        profile_operators(find_shipped("nano").weights or "")


def test_the_readers_time_is_that_of_its_modules(tmp_path: Path) -> None:
    parts = profile_reader(Reader("nano"), sample_frames(3))
    names = [part.name for part in parts]
    # Where the ink of what is found is cut out, and where the network runs.
    assert {"crop", "classifier"} <= set(names) and len(names) == len(set(names))
    assert all(part.us >= 0 for part in parts) and parts[0].us == max(part.us for part in parts)
    assert sum(part.us for part in parts) > 100, "microseconds a page"
    plot_parts({"reader": parts, "other": [Part("CONV_2D", "26x26x8", 3.0, 10)]}, tmp_path / "profile.png")
    assert (tmp_path / "profile.png").read_bytes().startswith(b"\x89PNG")
