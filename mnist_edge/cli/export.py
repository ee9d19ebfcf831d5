"""`mnist-edge export`."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.export_c import ExportedC, c_rows, keras_to_c, tflite_behind, tflite_to_c
from mnist_edge.cli.export_finder import export_finder, finder_rows
from mnist_edge.cli.options import Data, Force, Invert, Json, Pixels, complete, complete_models
from mnist_edge.errors import UsageError

if TYPE_CHECKING:
    from mnist_edge.converters.convert import Exported
    from mnist_edge.converters.finder import ExportedFinder
    from mnist_edge.dataset import Dataset
    from mnist_edge.pixels import Pixels as PixelScale
    from mnist_edge.progress import Progress

_NOTHING_MEASURED = (
    "the data that this model was made with is not here, so that neither accuracy nor agreement is measured; "
    "temperature and refusal threshold are those that ship with it"
)
# What is written, and the precision of each unless told.
DEFAULT_PRECISION = {"tflite": "none", "c": "int8"}
# Rows about the conversion that are told of C files too.
C_TELLS = ("input and output", "multiply-accumulates", "calibrated on", "softmax", "against its source", "accuracy")


def _precisions() -> Iterable[str]:
    from mnist_edge.converters.precisions import PRECISIONS

    return ("none", *PRECISIONS)


Model = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        autocompletion=complete_models,
        help="A .keras or .h5 file, SavedModel, run folder or model that ships. Default: the newest run in runs/.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        autocompletion=complete(lambda: DEFAULT_PRECISION),
        help="tflite, or c: an array and a header for TensorFlow Lite Micro, of a .tflite too.",
    ),
]
Quantize = Annotated[
    str | None,
    typer.Option(
        "--quantize",
        metavar="PRECISION",
        autocompletion=complete(_precisions),
        help="none (float32), float16, dynamic, int8 or int16x8. Default: none, for --format c int8.",
    ),
]
InputAndOutput = Annotated[
    str | None,
    typer.Option(
        "--io",
        metavar="TYPE",
        help="Type of input and output: float32, or for int8 also int8 or uint8. Default: int8 for int8, so that "
        "the whole model is integer; else float32.",
    ),
]
Samples = Annotated[
    int | None,
    typer.Option("--samples", metavar="N", min=10, help="Representative training images. Default: 500, or all."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="Default: NAME.PRECISION.tflite, or NAME_PRECISION.c, beside the model; for one that ships, in the "
        "current folder.",
    ),
]
Keep = Annotated[
    bool, typer.Option("--keep", help="Write the file even where its decisions are not those of its source.")
]


def command(
    model: Model = None,
    format: Format = "tflite",
    quantize: Quantize = None,
    io: InputAndOutput = None,
    samples: Samples = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same seed, same result.")] = 0,
    output: Output = None,
    pixels: Pixels = None,
    invert: Invert = False,
    data: Data = None,
    force: Force = False,
    keep: Keep = False,
    json: Json = False,
) -> None:
    """Convert a trained model to a .tflite, float or integer.

    Its metadata and its measured accuracy go into the file.

    The file is compared with its source on the validation images. Where its decisions have fallen apart, nothing is
    written, unless --keep says so, and the exit code is 3; `verify` judges more strictly, on the test images.

    A finder, `finder` or a run of `train finder`, is calibrated and compared on pages with the digits of its data.

    --format c writes NAME.c, NAME.h and NAME_golden.c for a microcontroller, of what was trained or of a .tflite.

    Example: mnist-edge export --quantize int8
    """
    from mnist_edge.pixels import parse_pixels
    from mnist_edge.run_folders import latest_run

    if format not in DEFAULT_PRECISION:
        raise UsageError(f"there is no format {format!r}; choose one of: {', '.join(DEFAULT_PRECISION)}")
    source, trained_on = model or latest_run(), parse_pixels(pixels, invert)
    if format == "c" and (file := tflite_behind(source, quantize, io=io, data=data, pixels=trained_on)):
        _show(tflite_to_c(file, output, force), json)
        return
    to_file = _exporter(source, format, trained_on)
    quantize = quantize or DEFAULT_PRECISION[format]
    with progress("exporting") as report:
        found = _data(source, quantize, data, report)
        result: Exported | ExportedFinder | ExportedC = to_file(
            source, quantize, io=io, data=found, samples=samples, seed=seed, output=output, force=force, keep=keep,
            progress=report,
        )  # fmt: skip
    print_notes(found.notes if found else [_NOTHING_MEASURED])
    _show(result, json)
    if result.parity:
        result.parity.raise_if_failed()


def _exporter(source: str | Path, format: str, trained_on: "PixelScale | None") -> Callable[..., Any]:
    """The function that exports a model in a format."""
    from mnist_edge.converters.convert import convert
    from mnist_edge.converters.finder import is_finder

    if not is_finder(source):
        return partial(keras_to_c if format == "c" else convert, trained_on=trained_on)
    if trained_on or format == "c":
        raise UsageError("a finder takes ink levels; --pixels, --invert and --format c are for classifiers")
    return export_finder


def _show(result: "Exported | ExportedFinder | ExportedC", json: bool) -> None:
    from mnist_edge.converters.finder import ExportedFinder

    if json:
        print_json(result.to_json())
    elif isinstance(result, ExportedC):
        measured = [row for row in _rows(result.source) if row[0] in C_TELLS] if result.source else []
        print_table(f"{result.array.name}, in {result.array.files[1]}", ("", ""), c_rows(result) + measured)
    else:
        rows = finder_rows(result) if isinstance(result, ExportedFinder) else _rows(result)
        print_table(f"{result.model} as {result.precision}, in {result.path}", ("", ""), rows)


def _data(source: str | Path, precision: str, data: Path | None, report: "Progress") -> "Dataset | None":
    """Load the data that the model was made with; None where it is missing and what ships in the package suffices."""
    from mnist_edge.converters.keras_source import keras_path
    from mnist_edge.converters.precisions import find_precision
    from mnist_edge.errors import DataError
    from mnist_edge.provenance import load_for
    from mnist_edge.shipped_models import is_shipped

    try:
        return load_for(source, data=data, progress=report)
    except DataError as error:
        weights = keras_path(source)
        if data or not is_shipped(weights):
            raise
        if find_precision(precision).calibrated:
            copy = f"mnist-edge models copy {weights.stem}.int8 ."
            raise type(error)(f"{error}; a file calibrated on it ships: {copy}") from None
        return None


def _rows(result: "Exported") -> list[tuple[str, str]]:
    rows = [
        ("size", f"{result.size_bytes:,} bytes"),
        ("input and output", result.io),
        ("operators", ", ".join(f"{count} {name}" for name, count in result.operators.items())),
        ("multiply-accumulates", f"{result.macs:,}"),
        ("runs in", ", ".join(result.runtimes)),
    ]
    if result.calibration:
        rows.append(("calibrated on", "{images} training images of {data}, seed {seed}".format(**result.calibration)))
    if result.softmax == "appended":
        rows.append(("softmax", "appended: the model gives no probabilities"))
    if parity := result.parity:
        figures = (
            f"{parity.agreement:.2%} of {parity.images} validation images get the same answer; "
            f"right: {parity.candidate.accuracy:.2%}, source {parity.reference.accuracy:.2%}"
        )
        rows.append(("against its source", figures))
    if (confidence := result.confidence) and confidence.file:
        rows.append(("confidence", f"as {confidence.file} ships, chosen on {confidence.images} images"))
    if result.accuracy:
        figures = "{accuracy:.2%}: {correct} of {images} test images of {data}".format(**result.accuracy)
        rows.append(("accuracy", figures))
    return rows
