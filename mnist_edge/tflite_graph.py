"""List the operators and tensors of a `.tflite`, and count the multiply-accumulates of one image."""

from collections import Counter
from math import prod
from typing import Any, NamedTuple

import numpy as np

# The operator that a delegate appends for those that it takes over, which stay in the list.
_DELEGATE = "DELEGATE"
# Which axes of its weights go into one output value.
_WEIGHTS_PER_VALUE = {
    "CONV_2D": slice(1, 4),  # (out, height, width, in)
    "DEPTHWISE_CONV_2D": slice(1, 3),  # (1, height, width, out)
    "FULLY_CONNECTED": slice(1, 2),  # (out, in)
}

# Operators that keep something from one invoke to the next.
_STATEFUL = frozenset((
    "ASSIGN_VARIABLE", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "LSTM", "RNN", "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN",
))  # fmt: skip


class Tensor(NamedTuple):
    """One tensor of a graph.

    Attributes:
        name: As the converter named it.
        shape: With the batch in front, as the interpreter is set up now.
        dtype: NumPy's name, such as `int8`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


class Operator(NamedTuple):
    """One operator of a graph.

    Attributes:
        name: TFLite's name, such as `CONV_2D`.
        inputs: Activations, weights and biases, in TFLite's order.
        outputs: What it computes.
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image; 0 unless it is a convolution or a dense layer."""
        if self.name not in _WEIGHTS_PER_VALUE:
            return 0
        weights = self.inputs[1].shape[_WEIGHTS_PER_VALUE[self.name]]
        return prod(self.outputs[0].shape[1:]) * prod(weights)


def read_graph(interpreter: Any) -> tuple[Operator, ...]:
    """List the operators of an interpreter with allocated tensors, in order of execution, before any delegate."""
    tensors = {
        details["index"]: Tensor(
            details["name"], tuple(int(n) for n in details["shape"]), np.dtype(details["dtype"]).name
        )
        for details in interpreter.get_tensor_details()
    }

    def named(indices: Any) -> tuple[Tensor, ...]:
        # An optional input that is left out, a bias say, has index -1.
        return tuple(tensors[int(index)] for index in indices if int(index) in tensors)

    return tuple(
        Operator(details["op_name"], named(details["inputs"]), named(details["outputs"]))
        # No runtime has a public list of operators; all have this one.
        for details in interpreter._get_ops_details()
        if details["op_name"] != _DELEGATE
    )


def keeps_state(interpreter: Any) -> bool:
    """Whether an image would begin where the last one ended, unless `reset_all_variables` is called between them."""
    return any(details["op_name"] in _STATEFUL for details in interpreter._get_ops_details())


def operators(interpreter: Any) -> dict[str, int]:
    """Count each operator, in order of first execution."""
    return dict(Counter(operator.name for operator in read_graph(interpreter)))


def count_macs(interpreter: Any) -> int:
    """Count the multiply-accumulates for one image, in convolutions and dense layers."""
    return sum(operator.macs for operator in read_graph(interpreter))
