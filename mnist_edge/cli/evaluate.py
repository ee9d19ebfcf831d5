"""`mnist-edge evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Invert, Json, Pixels, Runtime, complete_models

if TYPE_CHECKING:
    from mnist_edge.evaluate import Evaluation

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        autocompletion=complete_models,
        help="A .keras, .h5 or .tflite file, a SavedModel, or the name of a model that ships.",
    ),
]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="PNG", help="Also draw the confusion matrix.")]


def command(
    model: Model,
    data: Data = None,
    runtime: Runtime = None,
    pixels: Pixels = None,
    invert: Invert = False,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Measure a model's accuracy and confusions on the test images.

    Also loss, calibration error, precision, recall and F1 of each digit. A .tflite is scaled by the temperature in its
    metadata, as wherever it is used.

    Example: mnist-edge evaluate small
    """
    from mnist_edge.evaluate import evaluate
    from mnist_edge.pixels import parse_pixels
    from mnist_edge.provenance import load_for
    from mnist_edge.shipped_models import resolve

    path, trained_on = resolve(model), parse_pixels(pixels, invert)
    with progress("evaluating") as report:
        found = load_for(model, data=data, progress=report)
        result = evaluate(path, found.test, runtime=runtime, trained_on=trained_on, progress=report)
    print_notes(found.notes)
    if plot:
        from mnist_edge.models.plots import plot_confusion

        plot_confusion(result, plot)
    if json:
        print_json(result.to_json())
    else:
        _print_tables(result, found.name)


def _print_tables(result: "Evaluation", data: str) -> None:
    print_table(
        f"{result.model} on {data} in {result.runtime}: {result.correct:,} of {result.images:,} right "
        f"({result.accuracy:.2%}), loss {result.loss:.4f}, calibration error {result.ece:.2%}",
        ("digit", "images", "precision", "recall", "F1"),
        [(f.label, f.images, f"{f.precision:.2%}", f"{f.recall:.2%}", f"{f.f1:.2%}") for f in result.per_class],
    )
    print_table(
        "confusion matrix: a row for each true digit, a column for what it was read as",
        ("digit", *map(str, range(10))),
        [(digit, *counts) for digit, counts in enumerate(result.confusion)],
    )
