"""The signature of a classifier: the tensors that it maps, the form of an image, and what its outputs tell."""

from typing import Any, NamedTuple

from mnist_edge.classes import DIGITS, MAX_CLASSES, MIN_CLASSES, classes_of, numbered, shown
from mnist_edge.errors import ModelError
from mnist_edge.image_form import TensorForm, tensor_form
from mnist_edge.runtime import Interpreter


class Signature(NamedTuple):
    """What a classifier takes and gives.

    Attributes:
        input: Details of its input, as an interpreter gives them.
        output: Likewise of the output that has the classes.
        classes: What that tells, in its order.
        form: Of the input.
    """

    input: dict[str, Any]
    output: dict[str, Any]
    classes: tuple[str, ...]
    form: TensorForm


def signature_of(interpreter: Interpreter, metadata: dict[str, Any], name: str, digits_only: bool) -> Signature:
    """Find out what a graph maps to what.

    Args:
        interpreter: Holds the graph.
        metadata: Of its file; the digits, or numbers, are its classes where it does not say.
        name: The file's name, for errors.
        digits_only: Refuse what tells anything but the ten digits.

    Raises:
        ModelError: It does not map one image to classes, or to other ones than the digits.
    """
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    named = classes_of(metadata, name)
    count = len(named or DIGITS)
    # Of several outputs the one that has the classes, as beside features.
    output = next((one for one in outputs if count in one["shape"]), outputs[0])
    classes = named or (DIGITS if digits_only else _unnamed_classes(output))
    form = tensor_form(inputs[0], output, len(classes)) if len(inputs) == 1 and classes else None
    if not form:
        taken = " and ".join(_shape(one) for one in inputs)
        raise ModelError(
            f"{name} maps {taken} to {_shape(output)}; a digit model maps one image, such as (1, 28, 28, 1), to (1, 10)"
        )
    if digits_only and classes != DIGITS:
        raise ModelError(f"{name} tells {shown(classes)}, not the ten digits")
    return Signature(inputs[0], output, classes, form)


def _unnamed_classes(output: dict[str, Any]) -> tuple[str, ...]:
    """The digits where there are ten outputs, else as many numbers; none where these are no classes."""
    shape = [int(size) for size in output["shape"]]
    count = len(DIGITS) if len(DIGITS) in shape else next((size for size in reversed(shape) if size > 1), 1)
    return numbered(count) if MIN_CLASSES <= count <= MAX_CLASSES else ()


def _shape(details: dict[str, Any]) -> str:
    return str(tuple(int(size) for size in details["shape"]))
