"""What TensorFlow Lite Micro, the runtime of microcontrollers, needs of a program for a `.tflite`."""

from collections.abc import Iterator
from math import prod

from mnist_edge.compat import TYPES, operators_of
from mnist_edge.flatbuffer_view import Table, main_graph, nodes, root

# Names of operators in `MicroMutableOpResolver` that are not simply those of TFLite in another spelling.
_SPELLED = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}
_BYTES = {"float32": 4, "float16": 2, "int32": 4, "uint8": 1, "int64": 8, "bool": 1, "int16": 2, "int8": 1}
# The planner's own; a multiple of it is what it places tensors at.
_ALIGNMENT = 16
# On a computer with pointers of 64 bits, found by fitting what `RecordingMicroAllocator` reports: a fixed part, one of
# each tensor, of each operator, and of each output channel of a layer with weights, whose multiplier is kept.
_FIXED, _TENSOR, _OPERATOR, _CHANNEL = 1152, 24, 128, 8
# Of a softmax in int16, whose exponential is looked up.
_TABLES = 2080
# Members of `BuiltinOperator`: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV.
_WEIGHTED = (3, 4, 9, 67)
_KIB = 1024


def resolver_calls(model: bytes) -> list[str]:
    """The calls that give a `MicroMutableOpResolver` the operators of a model: `AddConv2D()` and so on, each once."""
    return list(dict.fromkeys(f"Add{_spelled(operator.name)}()" for operator in operators_of(model)))


def _spelled(name: str) -> str:
    return _SPELLED.get(name) or "".join(part if part == "2D" else part.capitalize() for part in name.split("_"))


def arena_bytes(model: bytes) -> int:
    """Estimate the tensor arena of a model in whole KiB; optimised kernels may need more for their scratch.

    Args:
        model: A flatbuffer for one image.
    """
    tensors, operators = main_graph(model).tables(0), operators_of(model)
    channels = sum(tensors[node.outputs[0]].integers(0)[-1] for node in nodes(model) if node.code in _WEIGHTED)
    overhead = _FIXED + _TENSOR * len(tensors) + _OPERATOR * len(operators) + _CHANNEL * channels
    overhead += sum(_TABLES for operator in operators if operator.name == "SOFTMAX" and operator.takes == "int16")
    return -(-(activation_bytes(model) + overhead) // _KIB) * _KIB


def activation_bytes(model: bytes) -> int:
    """The memory for all tensors that are computed, as TensorFlow Lite Micro plans it: largest first, gaps filled."""
    placed: list[tuple[int, int, int, int]] = []
    for size, first, last in sorted(_lifetimes(model), key=lambda one: (-one[0], -one[1])):
        start = 0
        for begin, end, *life in sorted(placed):
            if first <= life[1] and life[0] <= last and start < end:
                if begin - start >= size:
                    break
                start = end
        placed.append((start, start + size, first, last))
    return max((end for _, end, *_ in placed), default=0)


def _lifetimes(model: bytes) -> Iterator[tuple[int, int, int]]:
    """Size in bytes, first and last operator of every tensor that is no constant, and of scratch."""
    graph, buffers, operators = main_graph(model), root(model).tables(4), list(nodes(model))
    tensors, taken, given = graph.tables(0), graph.integers(1), graph.integers(2)
    for index, tensor in enumerate(tensors):
        uses = [at for at, node in enumerate(operators) if index in (*node.inputs, *node.outputs)]
        uses += [0] * (index in taken) + [len(operators) - 1] * (index in given)
        if uses and not _constant(buffers, tensor):
            yield _aligned(tensor), min(uses), max(uses)
    for at, operator in enumerate(operators_of(model)):
        output = tensors[operators[at].outputs[0]]
        # It sums in 32 bits, of int16 in 64, apart from its output.
        if operator.name == "TRANSPOSE_CONV" and "float32" not in operator.takes:
            yield 4 * _aligned(output), at, at


def _aligned(tensor: Table) -> int:
    size = prod(tensor.integers(0)) * _BYTES[TYPES[tensor.number(1, "<b")]]
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _constant(buffers: list[Table], tensor: Table) -> bool:
    return buffers[tensor.number(2, "<I")].place(0) is not None
