"""Predict from a `.tflite` alone which runtimes can run it: by its operators, their versions, and the types they take.

A runtime refuses a file with an operator in a version that it lacks. Worse is a file whose operators say a lower
version than what they hold needs: an old runtime loads it and computes garbage.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.errors import ModelError, UsageError
from mnist_edge.flatbuffer_view import Node, main_graph, nodes
from mnist_edge.metadata import metadata_of
from mnist_edge.operator_versions import OPERATORS, RELEASES
from mnist_edge.runtime import is_flatbuffer
from mnist_edge.shipped_models import resolve
from mnist_edge.untrusted import errors_as

CUSTOM = 32
# Members of `TensorType`.
FLOAT32, INT8 = 0, 9
# From this version on a FULLY_CONNECTED of floats may have int8 weights with a scale for each output.
PER_CHANNEL_DENSE = 12
DENSE = "FULLY_CONNECTED"
_NAMES = {code: name for name, (code, *_) in OPERATORS.items()}
_MEND_DENSE = (
    "export it with mnist-edge export --quantize dynamic, or set "
    "converter._experimental_disable_per_channel_quantization_for_dense_layers = True"
)
_MEND_CUSTOM = "convert it without tf.lite.OpsSet.SELECT_TF_OPS and allow_custom_ops"
_MEND_VERSION = "run it in a newer runtime, or convert it with an older TensorFlow"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as a file has it.

    Attributes:
        name: TFLite's name, or `custom NAME`.
        version: What the file says.
        needed: The version that it needs by what it holds, where that is known to be higher; else `version`.
    """

    name: str
    version: int
    needed: int


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
        found = Counter(_operator(content, node) for node in nodes(content))
    verdicts = tuple(Verdict(name, _problems(found, RELEASES.index(name))) for name in runtimes)
    return Compatibility(str(path), tuple(found.items()), verdicts)


def _operator(content: bytes, node: Node) -> Operator:
    if node.code == CUSTOM:
        return Operator(f"custom {node.custom}", node.version, node.version)
    name = _NAMES.get(node.code, f"operator {node.code}")
    needed = PER_CHANNEL_DENSE if name == DENSE and _per_channel_of_floats(content, node) else node.version
    return Operator(name, node.version, max(needed, node.version))


def _per_channel_of_floats(content: bytes, node: Node) -> bool:
    tensors = main_graph(content).tables(0)
    taken, weights = (tensors[index] for index in node.inputs[:2])
    scaling = weights.table(4)
    scales = len(scaling.places(2)) if scaling else 0
    return (taken.number(1, "<b"), weights.number(1, "<b")) == (FLOAT32, INT8) and scales > 1


def _problems(found: Counter[Operator], column: int) -> tuple[Problem, ...]:
    problems = []
    for operator in found:
        newest = OPERATORS.get(operator.name, (0,) * (len(RELEASES) + 1))[1 + column]
        if newest < operator.needed:
            problems.append(_problem(operator, newest))
    return tuple(problems)


def _problem(operator: Operator, newest: int) -> Problem:
    if operator.name.startswith("custom "):
        return Problem(operator.name, "it is no operator of TFLite's own", _MEND_CUSTOM)
    reason = f"version {operator.needed}, and it has {f'{newest} at most' if newest else 'none'}"
    if operator.version <= newest:
        reason = f"says version {operator.version} and needs {operator.needed}, so it loads and computes garbage"
    return Problem(operator.name, reason, _MEND_DENSE if operator.name == DENSE else _MEND_VERSION)
