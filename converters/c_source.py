"""The text of a model in C: header, array and test vectors."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mnist_edge
from mnist_edge.classes import DIGITS

# What TFLite's schema asks of a model.
ALIGNMENT = 16
_TYPES = {"float32": "float", "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t"}


@dataclass(frozen=True, slots=True)
class CTensor:
    """Input or output of a model.

    Attributes:
        shape: With the batch in front.
        type: NumPy's name.
        scale: real = (stored - zero_point) * scale; 1 where it is stored as it is.
        zero_point: See `scale`.
    """

    shape: tuple[int, ...]
    type: str
    scale: float
    zero_point: int

    @classmethod
    def of(cls, details: dict[str, Any], shape: tuple[int, ...]) -> "CTensor":
        """From what an interpreter says of a tensor."""
        scale, zero_point = details["quantization"]
        return cls(shape, np.dtype(details["dtype"]).name, float(scale) or 1.0, int(zero_point))


@dataclass(frozen=True, slots=True, eq=False)
class CModel:
    """What the text tells of a model.

    Attributes:
        name: What all names and the files begin with; a C identifier.
        title: What it was made of.
        content: The flatbuffer, without metadata.
        sha256: Of `content`.
        input: Takes an image.
        output: Gives a value for each label.
        pixels: The real values of background and of full ink.
        temperature: Of its probabilities.
        refusal_threshold: Lowest score of a digit; None where it refuses nothing.
        operators: Calls of a `MicroMutableOpResolver`.
        arena_bytes: Estimate of the memory for its tensors.
        inputs: Shape (n, values), as stored.
        outputs: Shape (n, values), as stored, of each of `inputs`.
        runtime: What computed `outputs`.
    """

    name: str
    title: str
    content: bytes
    sha256: str
    input: CTensor
    output: CTensor
    pixels: tuple[float, float]
    temperature: float
    refusal_threshold: float | None
    operators: tuple[str, ...]
    arena_bytes: int
    inputs: NDArray[Any]
    outputs: NDArray[Any]
    runtime: str


def header_text(model: CModel) -> str:
    """`NAME.h`: declarations, and all that a program must know."""
    upper, (background, ink) = model.name.upper(), model.pixels
    labels = ", ".join(f'"{label}"' for label in DIGITS)
    calls = [f"        (resolver).{call}; \\" for call in model.operators]
    lines = [
        _TOP.format(
            title=model.title, version=mnist_edge.__version__, sha256=model.sha256, name=model.name, upper=upper
        ),
        f"#define {upper}_BYTES {len(model.content)}",
        f"extern const unsigned char {model.name}_model[{upper}_BYTES];",
        "",
        "/* An estimate, for the reference kernels; interpreter.arena_used_bytes() tells what is used. */",
        f"#define {upper}_ARENA_BYTES {model.arena_bytes}",
        "",
        f"#define {upper}_OPERATORS {len(model.operators)}",
        f"#define {upper}_ADD_OPERATORS(resolver) \\",
        "    do { \\",
        *calls,
        "    } while (0)",
        "",
        "/* real value = (stored value - zero point) * scale.",
        f"   The image: {background:g} is background, {ink:g} is full ink. The output: a value for each label. */",
        *_tensor_lines(f"{upper}_INPUT", model.input),
        *_tensor_lines(f"{upper}_OUTPUT", model.output),
        f"#define {upper}_LABELS {{{labels}}}",
        "",
        *_confidence_lines(upper, model),
        _VECTORS.format(runtime=model.runtime, name=model.name),
        f"#define {upper}_GOLDEN_COUNT {len(model.inputs)}",
        *(f"{line};" for line in _golden_declarations(model)),
        "",
        _BOTTOM,
    ]
    return "\n".join(lines)


def model_text(model: CModel) -> str:
    """`NAME.c`: the flatbuffer."""
    array = f"ALIGNED const unsigned char {model.name}_model[{model.name.upper()}_BYTES] = {{"
    return "\n".join([
        f'#include "{model.name}.h"',
        "",
        "#ifdef __cplusplus",
        f"#define ALIGNED alignas({ALIGNMENT})",
        "#else",
        f"#define ALIGNED _Alignas({ALIGNMENT})",
        "#endif",
        "",
        array,
        *_rows(f"0x{byte:02x}" for byte in model.content),
        "};",
        "",
    ])  # fmt: skip


def golden_text(model: CModel) -> str:
    """`NAME_golden.c`: the test vectors."""
    lines = [f'#include "{model.name}.h"']
    for line, values in zip(_golden_declarations(model), (model.inputs, model.outputs), strict=True):
        lines += ["", f"{line.removeprefix('extern ')} = {{"]
        for vector in values:
            lines += ["    {", *(f"    {row}" for row in _rows(map(_number, vector))), "    },"]
        lines.append("};")
    return "\n".join([*lines, ""])


def _golden_declarations(model: CModel) -> list[str]:
    name, upper, taken, given = model.name, model.name.upper(), _TYPES[model.input.type], _TYPES[model.output.type]
    return [
        f"extern const {taken} {name}_golden_inputs[{upper}_GOLDEN_COUNT][{upper}_INPUT_VALUES]",
        f"extern const {given} {name}_golden_outputs[{upper}_GOLDEN_COUNT][{upper}_OUTPUT_VALUES]",
    ]


def _tensor_lines(prefix: str, tensor: CTensor) -> list[str]:
    shape = ", ".join(map(str, tensor.shape))
    return [
        f"#define {prefix}_TYPE {_TYPES[tensor.type]}",
        f"#define {prefix}_SHAPE {{{shape}}}",
        f"#define {prefix}_VALUES {int(np.prod(tensor.shape))}",
        f"#define {prefix}_SCALE {_number(np.float32(tensor.scale))}",
        f"#define {prefix}_ZERO_POINT ({tensor.zero_point})",
    ]


def _confidence_lines(upper: str, model: CModel) -> list[str]:
    if model.refusal_threshold is None:
        return []
    return [
        "/* Calibrated probabilities: each to the power of 1 / temperature, then divided by their sum. No digit where",
        "   1 - entropy / ln 10 of these is below the threshold. */",
        f"#define {upper}_TEMPERATURE {_number(np.float32(model.temperature))}",
        f"#define {upper}_REFUSAL_THRESHOLD {_number(np.float32(model.refusal_threshold))}",
        "",
    ]


def _number(value: Any) -> str:
    """A number as C has it; of a float so many digits that it is the same again."""
    if np.asarray(value).dtype.kind != "f":
        return str(int(value))
    text = f"{float(value):.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _rows(values: Iterable[str], width: int = 16) -> list[str]:
    values = list(values)
    return [f"    {', '.join(values[at : at + width])}," for at in range(0, len(values), width)]


_TOP = """\
/* {title} for TensorFlow Lite Micro, by mnist-edge {version}. Export it again rather than change it.
   SHA-256 of its bytes: {sha256}

   tflite::MicroMutableOpResolver<{upper}_OPERATORS> resolver;
   {upper}_ADD_OPERATORS(resolver);
   alignas(16) static uint8_t arena[{upper}_ARENA_BYTES];
   tflite::MicroInterpreter interpreter(tflite::GetModel({name}_model), resolver, arena, sizeof(arena));
   interpreter.AllocateTensors(); */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif
"""
_VECTORS = """\
/* Test vectors, in {name}_golden.c: images, and what the model makes of them in {runtime}.
   Another sound runtime has the same largest output; a stored integer may differ by one where the network is sure, and
   by a dozen where it is not. */"""
_BOTTOM = """\
#ifdef __cplusplus
}
#endif

#endif
"""
