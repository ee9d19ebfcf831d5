"""Predict from a `.tflite` alone which runtimes can run it: by its operators, their versions, and the types they take.

A runtime refuses a file with an operator in a version that it lacks; some it loads and fails only as they run, for the
types that they take. Worse is a file that it loads and computes garbage from: one whose operators say a lower version
than what they hold needs, or that meets a fault of the runtime.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.errors import ModelError, UsageError
from mnist_edge.flatbuffer_view import Node, Table, main_graph, nodes
from mnist_edge.metadata import metadata_of
from mnist_edge.operator_versions import GAPS, MICRO, OPERATORS, RELEASES
from mnist_edge.runtime import is_flatbuffer
from mnist_edge.shipped_models import resolve
from mnist_edge.untrusted import errors_as

CUSTOM = 32
# `TensorType`, in its order.
TYPES = ("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64")
# Of shapes, axes and biases.
_COUNTS = ("int32", "int64")
# From this version on a FULLY_CONNECTED of floats may have int8 weights with a scale for each output.
PER_CHANNEL_DENSE = 12
DENSE, HYBRID, AXES = "FULLY_CONNECTED", "float32, int8", ", several axes and a bias"
_NAMES = {code: name for name, (code, *_) in OPERATORS.items()}
_MEND_DENSE = (
    "export it with mnist-edge export --quantize dynamic, or set "
    "converter._experimental_disable_per_channel_quantization_for_dense_layers = True"
)
_MEND_CUSTOM = "convert it without tf.lite.OpsSet.SELECT_TF_OPS and allow_custom_ops"
_MEND_VERSION = "run it in a newer runtime, or convert it with an older TensorFlow"
_MEND_LAYERS = "build the network of other layers"
_MEND_TYPES = f"export it with mnist-edge export --quantize int8, or {_MEND_LAYERS}"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as a file has it.

    Attributes:
        name: TFLite's name, or `custom NAME`.
        version: What the file says.
        needed: The version that it needs by what it holds, where that is known to be higher; else `version`.
        takes: Types of its inputs, sorted, without those of shapes, axes and biases: `int8`, or `float32, int8` where
            weights are stored smaller. A dense layer with a bias and several axes of outputs says so behind them.
    """

    name: str
    version: int
    needed: int
    takes: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a runtime cannot run a file.

    Attributes:
        operator: What is in the way.
        reason: What about it.
        mend: What to do.
    """

    operator: str
    reason: str
    mend: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a runtime can run a file.

    Attributes:
        runtime: Its name and version, `NAME==VERSION`.
        problems: Why it cannot; none where it can.
    """

    runtime: str
    problems: tuple[Problem, ...]

    @property
    def runs(self) -> bool:
        """Whether it can."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What a file has, and what can run it.

    Attributes:
        path: The file.
        operators: How often each operator occurs, in order of execution.
        verdicts: One for each runtime.
    """

    path: str
    operators: tuple[tuple[Operator, int], ...]
    verdicts: tuple[Verdict, ...]

    def to_json(self) -> dict[str, Any]:
        """The document that `compat --json` prints."""
        operators = [asdict(operator) | {"count": count} for operator, count in self.operators]
        verdicts = [asdict(verdict) | {"runs": verdict.runs} for verdict in self.verdicts]
        return {"path": self.path, "operators": operators, "runtimes": verdicts}


def compatibility(model: str | Path, runtimes: Sequence[str] = RELEASES) -> Compatibility:
    """Predict which runtimes can run a file; nothing is run.

    Args:
        model: A `.tflite` of whatever origin, or the name of a model that ships.
        runtimes: Of `RELEASES`.

    Raises:
        ModelError: The file is missing, damaged, or no TFLite model.
        UsageError: Nothing is known of one of the runtimes.
    """
    unknown = [name for name in runtimes if name not in RELEASES]
    if unknown:
        raise UsageError(f"nothing is known of {', '.join(unknown)}; choose of: {', '.join(RELEASES)}")
    path = resolve(model)
    content = path.read_bytes()
    if not is_flatbuffer(content):
        raise ModelError(f"{path.name} is no TFLite model; write one with: mnist-edge export")
    # A file of ours has a checksum.
    metadata_of(content, path.name)
    with errors_as(ModelError, path.name, "copy or export it again"):
        found = Counter(operators_of(content))
    verdicts = tuple(Verdict(name, _problems(found, name)) for name in runtimes)
    return Compatibility(str(path), tuple(found.items()), verdicts)


def runtimes_of(model: Path) -> tuple[str, ...]:
    """Which of `RELEASES` can run a file; raises as `compatibility`."""
    return tuple(verdict.runtime for verdict in compatibility(model).verdicts if verdict.runs)


def operators_of(model: bytes) -> list[Operator]:
    """Every operator of a flatbuffer, in order of execution; raises whatever a damaged one makes it raise."""
    return [_operator(model, node) for node in nodes(model)]


def _operator(content: bytes, node: Node) -> Operator:
    name = f"custom {node.custom}" if node.code == CUSTOM else _NAMES.get(node.code, f"operator {node.code}")
    tensors = main_graph(content).tables(0)
    # An optional input that is left out has index -1.
    taken = [tensors[index] for index in node.inputs if index >= 0]
    takes = _types(taken)
    if name != DENSE:
        return Operator(name, node.version, node.version, takes)
    needed = PER_CHANNEL_DENSE if takes == HYBRID and _scales(taken[1]) > 1 else node.version
    if len(taken) > 2 and len(tensors[node.outputs[0]].integers(0)) > 2:
        takes += AXES
    return Operator(name, node.version, max(needed, node.version), takes)


def _types(tensors: list[Table]) -> str:
    # What TFLite has added since is known by its number.
    numbers = [tensor.number(1, "<b") for tensor in tensors]
    names = sorted({TYPES[n] if 0 <= n < len(TYPES) else f"type {n}" for n in numbers})
    return ", ".join([name for name in names if name not in _COUNTS] or names)


def _scales(weights: Table) -> int:
    scaling = weights.table(4)
    return len(scaling.places(2)) if scaling else 0


def _problems(found: Counter[Operator], runtime: str) -> tuple[Problem, ...]:
    return tuple(problem for operator in found if (problem := _problem(operator, runtime)))


def _problem(operator: Operator, runtime: str) -> Problem | None:
    newest = OPERATORS[operator.name][1 + RELEASES.index(runtime)] if operator.name in OPERATORS else 0
    if operator.name.startswith("custom "):
        return Problem(operator.name, "it is no operator of TFLite's own", _MEND_CUSTOM)
    mend = _MEND_DENSE if operator.name == DENSE else _MEND_VERSION
    if operator.version > newest:
        lacks = f"version {operator.needed}, and it has {f'{newest} at most' if newest else 'none'}"
        return Problem(operator.name, lacks, mend if runtime != MICRO else _MEND_LAYERS)
    if operator.needed > newest:
        lies = f"says version {operator.version} and needs {operator.needed}, so it loads and computes garbage"
        return Problem(operator.name, lies, mend)
    gap = GAPS.get((operator.name, operator.takes), {}).get(runtime)
    return Problem(operator.name, f"of {operator.takes}: {gap}", _MEND_TYPES) if gap else None
