from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from mnist_edge.converters.compact import compact
from mnist_edge.converters.flatbuffer import make_converter
from mnist_edge.converters.keras_source import for_device, load_source
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.converters.representative import representative_images
from mnist_edge.dataset import Dataset
from mnist_edge.runtime import build_interpreter


@dataclass(frozen=True, slots=True)
class Pair:
    """One network as the converter gave it, and after."""

    precision: str
    before: bytes
    after: bytes


@pytest.fixture(scope="module", params=PRECISIONS)
def pair(request: pytest.FixtureRequest, trained: Path, digits: Dataset) -> Pair:
    precision = PRECISIONS[request.param]
    images = representative_images(digits, 100, 0)
    with for_device(load_source(trained)) as network:
        before = bytes(make_converter(network, precision, precision.io[0], images).convert())
    return Pair(precision.name, before, compact(before))


def raw_outputs(model: bytes, images: NDArray[np.uint8], runtime: str) -> NDArray[Any]:
    """The output tensor for each image, in the model's own dtype."""
    interpreter, _ = build_interpreter(model, "model", runtime=runtime)
    index = interpreter.get_input_details()[0]["index"]
    wanted, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    shown = (images - 128.0).astype(np.int8) if wanted["dtype"] == np.int8 else images.astype(np.float32) / 255
    rows = []
    for image in shown:
        interpreter.set_tensor(index, image[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(got["index"]).copy())
    return np.concatenate(rows)


@pytest.mark.parametrize("runtime", ["ai-edge-litert", "tensorflow"])
def test_outputs_are_the_same_bit_by_bit(pair: Pair, digits: Dataset, runtime: str) -> None:
    images = digits.test.images[:100]
    before, after = (raw_outputs(model, images, runtime) for model in (pair.before, pair.after))
    assert before.dtype == after.dtype and np.array_equal(before, after)
    assert (after.argmax(axis=1) == digits.test.labels[:100]).mean() > 0.6


def test_it_is_smaller_and_no_smaller_a_second_time(pair: Pair) -> None:
    assert len(pair.after) < len(pair.before) - 1_000
    assert compact(pair.after) == pair.after


def test_only_input_and_output_have_names_and_the_signature_stays(pair: Pair) -> None:
    before, after = (schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0)) for model in (pair.before, pair.after))
    graph = after.subgraphs[0]
    named = {index: tensor.name for index, tensor in enumerate(graph.tensors) if tensor.name}
    assert named == {graph.inputs[0]: b"image", graph.outputs[0]: b"digits"}
    signatures = [
        [(one.signatureKey, *((tensor.name, tensor.tensorIndex) for tensor in (*one.inputs, *one.outputs)))
         for one in model.signatureDefs]
        for model in (before, after)
    ]  # fmt: skip
    assert signatures[0] == signatures[1] != []


def test_what_the_runtime_reads_of_the_notes_stays(pair: Pair) -> None:
    after = schema.ModelT.InitFromObj(schema.Model.GetRootAs(pair.after, 0))
    notes = {note.name: bytes(after.buffers[note.buffer].data) for note in after.metadata or []}
    assert notes.keys() == ({b"reduced_precision_support"} if pair.precision == "float16" else set())
    assert all(notes.values())


def test_weights_are_aligned_and_equal_vectors_are_one(pair: Pair) -> None:
    model = schema.Model.GetRootAs(pair.after, 0)
    filled = [one for one in map(model.Buffers, range(model.BuffersLength())) if one.DataLength()]
    # 4 is the place of `data` in the table of a buffer.
    starts = [one._tab.Vector(one._tab.Offset(4)) for one in filled]
    assert len(starts) > 5 and not any(start % 16 for start in starts)
    graph = model.Subgraphs(0)
    shapes: dict[bytes, set[int]] = {}
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        start = tensor._tab.Vector(tensor._tab.Offset(4))
        shapes.setdefault(tensor.ShapeAsNumpy().tobytes(), set()).add(start)
    assert len(shapes) < graph.TensorsLength() and all(len(starts) == 1 for starts in shapes.values())
