"""The same network in fewer bytes: of a small `.tflite` a fifth is names, repeated numbers and notes."""

from functools import cache
from typing import Any

import numpy as np

from mnist_edge.optional_packages import require
from mnist_edge.training_stack import load_tflite_schema

IDENTIFIER = b"TFL3"
# What TFLite's schema asks of weights, and the converter does not give them: NEON loads 16 bytes at a time.
ALIGNMENT = 16
# Of the converter's notes these are for people; `reduced_precision_support` is one that XNNPACK reads.
NOTES = (b"min_runtime_version", b"CONVERSION_METADATA")


def compact(model: bytes) -> bytes:
    """Rewrite a flatbuffer without what no runtime needs; every output stays the same, bit by bit.

    Tensors lose their names, but for the input `image` and the output `digits`; equal shapes and quantisation
    parameters are stored once, empty buffers too; the converter's notes to people go. Weights start at a
    multiple of 16 bytes. The signature stays. What was converted for one image takes any batch.

    Args:
        model: As TensorFlow's converter gives it, without our metadata behind it.
    """
    schema = load_tflite_schema()
    graph = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    graph.description = graph.metadataBuffer = None
    graph.metadata = [note for note in graph.metadata or [] if note.name not in NOTES]
    _rename(graph.subgraphs)
    _free_batch(graph)
    _share_vectors(graph.subgraphs)
    _share_buffers(graph)
    builder = _builder_class()(len(model))
    builder.Finish(graph.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _rename(subgraphs: list[Any]) -> None:
    for tensor in _tensors(subgraphs):
        tensor.name = None
    main = subgraphs[0]
    main.tensors[main.inputs[0]].name = "image"
    main.tensors[main.outputs[0]].name = "digits"


def _free_batch(graph: Any) -> None:
    """Let a runtime resize the input to any batch: a RESHAPE to (1, 400) becomes one to (-1, 400)."""
    reshape = load_tflite_schema().BuiltinOperator.RESHAPE
    kinds = [code.builtinCode for code in graph.operatorCodes]
    for subgraph in graph.subgraphs:
        for operator in subgraph.operators:
            if kinds[operator.opcodeIndex] == reshape and len(operator.inputs) > 1:
                _free_reshape(graph, subgraph.tensors, operator)


def _free_reshape(graph: Any, tensors: list[Any], operator: Any) -> None:
    values, target = (tensors[index] for index in operator.inputs)
    stored = graph.buffers[target.buffer].data
    # A constant's first axis is no batch; and only one axis can be found out.
    if stored is None or graph.buffers[values.buffer].data is not None or tuple(values.shape[:1]) != (1,):
        return
    shape = np.frombuffer(np.asarray(stored, np.uint8).tobytes(), np.int32).copy()
    if len(shape) and shape[0] == 1 and (shape > 0).all():
        shape[0] = -1
        graph.buffers[target.buffer].data = np.frombuffer(shape.tobytes(), np.uint8)
        if operator.builtinOptions is not None:
            operator.builtinOptions.newShape = shape


def _share_vectors(subgraphs: list[Any]) -> None:
    """Make equal vectors of tensors one array, which the builder writes once.

    Those of operators stay apart: whoever patches the inputs of one in place means that one.
    """
    seen: dict[tuple[str, bytes], Any] = {}

    def share(owner: Any, *names: str) -> None:
        for name in names:
            vector = getattr(owner, name)
            if isinstance(vector, np.ndarray):
                setattr(owner, name, seen.setdefault((vector.dtype.str, vector.tobytes()), vector))

    for tensor in _tensors(subgraphs):
        share(tensor, "shape", "shapeSignature")
        if tensor.quantization is not None:
            # The range that a scale was derived from, which some precisions leave in; kernels read the scale.
            tensor.quantization.min = tensor.quantization.max = None
            share(tensor.quantization, "scale", "zeroPoint")


def _share_buffers(graph: Any) -> None:
    """Keep the buffers that hold something; users of an empty one take buffer 0, empty by TFLite's convention."""
    kept = [0]
    moved: dict[int, int] = {}
    for user in (*_tensors(graph.subgraphs), *graph.metadata):
        if graph.buffers[user.buffer].data is None:
            user.buffer = 0
            continue
        if user.buffer not in moved:
            moved[user.buffer] = len(kept)
            kept.append(user.buffer)
        user.buffer = moved[user.buffer]
    graph.buffers = [graph.buffers[index] for index in kept]


def _tensors(subgraphs: list[Any]) -> list[Any]:
    return [tensor for subgraph in subgraphs for tensor in subgraph.tensors]


@cache
def _builder_class() -> Any:
    """A flatbuffers builder that writes each array once and aligns bytes."""
    flatbuffers = require("flatbuffers", extra="train")

    class Builder(flatbuffers.Builder):  # type: ignore[misc, name-defined]
        def __init__(self, size: int) -> None:
            super().__init__(size)
            # By identity: the graph that is packed keeps all its arrays alive.
            self.written: dict[int, int] = {}

        def CreateNumpyVector(self, vector: Any) -> int:
            if id(vector) not in self.written:
                if vector.dtype == np.uint8:
                    self.Prep(ALIGNMENT, vector.size)
                self.written[id(vector)] = super().CreateNumpyVector(vector)
            return self.written[id(vector)]

    return Builder
