"""What `mnist-edge export --format c` does: C files of a `.tflite`, which is converted first where there is none."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_edge.errors import UsageError

if TYPE_CHECKING:
    from mnist_edge.converters.c_array import CArray
    from mnist_edge.converters.convert import Exported
    from mnist_edge.converters.parity import ParityReport


@dataclass(frozen=True, slots=True)
class ExportedC:
    """C files that were written, and what they were made of.

    Attributes:
        array: The files.
        source: The `.tflite` that was converted for them; None where there was one.
    """

    array: "CArray"
    source: "Exported | None" = None

    @property
    def parity(self) -> "ParityReport | None":
        """How it compares with the network that it was converted from."""
        return self.source.parity if self.source else None

    def to_json(self) -> dict[str, Any]:
        """The document that `export --format c --json` prints."""
        # The file itself is gone.
        source = {key: value for key, value in self.source.to_json().items() if key != "path"} if self.source else None
        return self.array.to_json() | {"source": source}


def tflite_behind(source: str | Path, quantize: str | None, **given: Any) -> Path | None:
    """The `.tflite` that MODEL is, or has by this precision where it ships; None where one must be converted.

    Args:
        source: MODEL.
        quantize: Key of `PRECISIONS`; None takes int8.
        given: Flags of the conversion, by name; None where they were not used.

    Raises:
        UsageError: It is a `.tflite`, and a flag asks for a conversion.
    """
    from mnist_edge.converters.precisions import find_precision
    from mnist_edge.shipped_models import find_shipped, is_keras, names_shipped, resolve

    path, flags = resolve(source), [f"--{name}" for name, value in given.items() if value is not None]
    if is_keras(path):
        return None
    if names_shipped(source) and "." not in str(source):
        return None if flags else find_shipped(str(source)).files.get(find_precision(quantize or "int8").name)
    flags += ["--quantize"] if quantize else []
    if flags:
        raise UsageError(f"{path.name} is a .tflite already, and {flags[0]} is for networks that are to be converted")
    return path


def tflite_to_c(model: Path, output: Path | None, force: bool) -> ExportedC:
    """Write C files of a `.tflite`; beside it, or into the current folder where it ships, unless told."""
    from mnist_edge.converters.c_array import c_name, write_c
    from mnist_edge.shipped_models import is_shipped

    folder = Path() if is_shipped(model) else model.parent
    return ExportedC(write_c(model, output or folder / f"{c_name(model.stem)}.c", force=force))


def keras_to_c(
    source: str | Path, precision: str, *, output: Path | None, force: bool, trained_on: Any, **how: Any
) -> ExportedC:
    """Convert, and write C files of what comes out; `how` is as `convert` takes it.

    Raises:
        UsageError: TensorFlow Lite Micro does not run this precision.
    """
    from mnist_edge.converters.c_array import c_files, c_name, write_c
    from mnist_edge.converters.convert import convert
    from mnist_edge.converters.keras_source import beside, load_network
    from mnist_edge.converters.precisions import PRECISIONS, find_precision

    row = find_precision(precision)
    if not row.micro:
        able = ", ".join(one.name for one in PRECISIONS.values() if one.micro)
        raise UsageError(f"TensorFlow Lite Micro does not run {row.name}; choose one of: {able}")
    name = f"{load_network(source).name}.{row.name}"
    output = output or beside(source, f"{c_name(name)}.c")
    # Converting takes longer than telling that the files are there.
    c_files(output, force)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"{c_name(name)}.tflite"
        exported = convert(source, precision, output=draft, trained_on=trained_on, **how)
        return ExportedC(write_c(draft, output, name=name, force=force), exported)


def c_rows(result: ExportedC) -> list[tuple[str, str]]:
    """What is told of C files, before what is told of the conversion."""
    array = result.array
    return [
        ("files", ", ".join(path.name for path in array.files)),
        ("model", f"{array.size_bytes:,} bytes, without metadata"),
        ("tensor arena", f"{array.arena_bytes:,} bytes, an estimate"),
        ("operators", ", ".join(array.operators)),
        ("test vectors", str(array.vectors)),
    ]
