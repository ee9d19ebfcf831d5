"""A graph that was converted for one image, opened so that a runtime can resize its input to any batch."""

from typing import Any

import numpy as np

from mnist_edge.training_stack import load_tflite_schema


def free_batch(graph: Any) -> None:
    """Let every RESHAPE of a batch of one find the batch out for itself: (1, 400) becomes (-1, 400).

    Args:
        graph: TFLite's schema `ModelT`; changed in place.
    """
    reshape = load_tflite_schema().BuiltinOperator.RESHAPE
    kinds = [code.builtinCode for code in graph.operatorCodes]
    for subgraph in graph.subgraphs:
        for operator in subgraph.operators:
            if kinds[operator.opcodeIndex] == reshape and len(operator.inputs) > 1:
                _open(graph, subgraph.tensors, operator)


def _open(graph: Any, tensors: list[Any], operator: Any) -> None:
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
