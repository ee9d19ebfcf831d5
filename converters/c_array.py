"""A `.tflite` as C for a microcontroller: its bytes, what a program must know of it, and vectors to test it with."""

import hashlib
import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import refuse_overwrite, write_text
from mnist_edge.classifier import Classifier
from mnist_edge.compat import compatibility
from mnist_edge.converters.c_source import CModel, CTensor, golden_text, header_text, model_text
from mnist_edge.converters.golden import drawn_figures
from mnist_edge.converters.micro import arena_bytes, resolver_calls
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.flatbuffer_view import main_graph
from mnist_edge.golden import golden_of
from mnist_edge.metadata import strip_metadata
from mnist_edge.operator_versions import MICRO
from mnist_edge.safe_text import quoted
from mnist_edge.tensors import pixel_range


@dataclass(frozen=True, slots=True)
class CArray:
    """C files that were written.

    Attributes:
        files: The header, the model and the test vectors.
        name: What the names in them begin with.
        size_bytes: Of the model in flash memory.
        arena_bytes: Estimate of the memory that its tensors need.
        operators: The calls of a `MicroMutableOpResolver`.
        vectors: How many test vectors there are.
    """

    files: tuple[Path, ...]
    name: str
    size_bytes: int
    arena_bytes: int
    operators: tuple[str, ...]
    vectors: int

    def to_json(self) -> dict[str, Any]:
        """What `export --format c --json` prints of them."""
        document = {name: getattr(self, name) for name in self.__slots__}
        return document | {"files": [str(path) for path in self.files]}


def c_files(output: Path, force: bool) -> tuple[Path, Path, Path]:
    """The files that belong to `NAME.c`: `NAME.h`, itself and `NAME_golden.c`.

    Raises:
        UsageError: NAME is no C identifier, or it does not end in `.c`.
        OutputError: One of them exists, and `force` is not set.
    """
    if not re.fullmatch(r"[A-Za-z]\w*\.c", output.name, re.ASCII):
        raise UsageError(
            f"--output is to name a C file by letters, digits and _, as digits.c, not {quoted(output.name)}"
        )
    files = output.with_suffix(".h"), output, output.with_name(f"{output.stem}_golden.c")
    for path in files:
        refuse_overwrite(path, force)
    return files


def c_name(name: str) -> str:
    """A name as a C identifier: `two-conv.int8` is `two_conv_int8`."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII).lower()
    return found if found[:1].isalpha() else f"model_{found}"


def write_c(model: Path, output: Path, *, name: str | None = None, force: bool = False) -> CArray:
    """Write a `.tflite` as C99, which is C++ too.

    The array is constant, aligned to 16 bytes, and without our metadata. The test vectors are the golden ones of the
    file, else figures that are drawn; what the outputs are is computed here.

    Args:
        model: A `.tflite` of a classifier, of whatever origin.
        output: `NAME.c`; `NAME.h` and `NAME_golden.c` are written beside it.
        name: What the header calls the model; None takes the file's.
        force: Replace files that are there.

    Raises:
        UsageError: `output` is no such name.
        OutputError: One of the files exists already.
        ModelError: It is no classifier of one image, or TensorFlow Lite Micro cannot run it.
    """
    files = c_files(output, force)
    _check_micro(model)
    found = _understand(model, name or model.name, output.stem)
    for path, text in zip(files, (header_text(found), model_text(found), golden_text(found)), strict=True):
        write_text(path, text)
    return CArray(
        files=files, name=found.name, size_bytes=len(found.content), arena_bytes=found.arena_bytes,
        operators=found.operators, vectors=len(found.inputs),
    )  # fmt: skip


def _check_micro(model: Path) -> None:
    problems = compatibility(model, [MICRO]).verdicts[0].problems
    if problems:
        reasons = "; ".join(f"{one.operator}: {one.reason} ({one.mend})" for one in problems)
        raise ModelError(f"TensorFlow Lite Micro cannot run {model.name}: {reasons}")


def _understand(model: Path, title: str, name: str) -> CModel:
    classifier = Classifier(model)
    content = strip_metadata(model.read_bytes())
    golden = golden_of(classifier.metadata, model.name)
    inputs, outputs = _vectors(classifier, drawn_figures() if golden is None else golden.images)
    graph = main_graph(content)
    tensors = graph.tables(0)
    taken, given = (tuple(tensors[ends[0]].integers(0)) for ends in (graph.integers(1), graph.integers(2)))
    if prod(taken) != inputs.shape[1]:
        raise ModelError(f"{model.name} takes {taken}; a microcontroller gives it one image, as (1, 28, 28, 1)")
    return CModel(
        name=name,
        # It may not end the comment that it stands in.
        title=re.sub(r"[^\w.-]", "_", title, flags=re.ASCII),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        input=CTensor.of(classifier.input, taken),
        output=CTensor.of(classifier.output, given),
        pixels=pixel_range(classifier.input),
        temperature=classifier.temperature,
        refusal_threshold=classifier.refusal_threshold,
        operators=tuple(resolver_calls(content)),
        arena_bytes=arena_bytes(content),
        inputs=inputs,
        outputs=outputs,
        runtime=classifier.runtime,
    )


def _vectors(classifier: Classifier, images: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What the tensors of input and output have for each image, shape (n, values) each, in their own type."""
    rows = []
    for image in images:
        classifier.probabilities(image[None])
        ends = (classifier.input, classifier.output)
        rows.append([np.array(classifier.interpreter.get_tensor(end["index"])).ravel() for end in ends])
    inputs, outputs = zip(*rows, strict=True)
    return np.stack(inputs), np.stack(outputs)
