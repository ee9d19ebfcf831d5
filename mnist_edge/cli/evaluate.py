"""`mnist-edge evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Invert, Json, Pixels, Runtime, complete_models

if TYPE_CHECKING:
    from mnist_edge.evaluate import Evaluation

# A wider matrix is read by nobody.
MOST_IN_A_ROW, MOST_CONFUSIONS = 12, 20
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        autocompletion=complete_models,
        help="A .keras, .h5 or .tflite file, a SavedModel, or the name of a model that ships.",
    ),
]
Sets = Annotated[
    Path | None,
    typer.Option(
        "--sets",
        metavar="DIR",
        help="Instead of the test images: other people's digits, the sets in a folder; docs/models.md names them.",
    ),
]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="PNG", help="Also draw the confusion matrix.")]


def command(
    model: Model,
    data: Data = None,
    runtime: Runtime = None,
    pixels: Pixels = None,
    invert: Invert = False,
    sets: Sets = None,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Measure a model's accuracy and confusions on the test images.

    Also loss, calibration error, precision, recall and F1 of each class. A .tflite is scaled by the temperature in its
    metadata, as wherever it is used.

    Example: mnist-edge evaluate small

    Example: mnist-edge evaluate small --sets other-digits
    """
    if sets:
        _refuse_others(data=data, pixels=pixels, invert=invert, plot=plot)
        _evaluate_sets(model, sets, runtime, json)
        return
    from mnist_edge.evaluate import evaluate
    from mnist_edge.pixel_trial import trial_images
    from mnist_edge.pixels import parse_pixels
    from mnist_edge.provenance import load_for
    from mnist_edge.shipped_models import resolve

    path, trained_on = resolve(model), parse_pixels(pixels, invert)
    with progress("evaluating") as report:
        found = load_for(model, data=data, progress=report)
        result = evaluate(
            path, found.test, runtime=runtime, trained_on=trained_on, classes=found.classes,
            trial=trial_images(found), progress=report,
        )  # fmt: skip
    print_notes(found.notes)
    if plot:
        from mnist_edge.models.plots import plot_confusion

        plot_confusion(result, plot)
    if json:
        print_json(result.to_json())
    else:
        _print_tables(result, found.name)


def _refuse_others(**options: object) -> None:
    """Raise `UsageError` where an option was given that --sets leaves no room for."""
    from mnist_edge.errors import UsageError

    if given := [f"--{name}" for name, value in options.items() if value]:
        raise UsageError(f"--sets goes by what the sets and the model's file are, without {' and '.join(given)}")


def _evaluate_sets(model: str, folder: Path, runtime: str | None, json: bool) -> None:
    from mnist_edge.benchmarks.sets import evaluate_sets
    from mnist_edge.shipped_models import resolve

    path = resolve(model)
    with progress("evaluating") as report:
        found = evaluate_sets(path, folder, runtime, report)
    if json:
        print_json({"model": path.name, "sets": [figures.to_json() for figures in found]})
        return
    rows = [
        (
            one.name, one.images, f"{one.accuracy:.2%}", f"{one.ece:.2%}",
            "" if one.refused is None else f"{one.refused:.1%}",
            ", ".join(f"{true} as {said} ({count})" for true, said, count in one.confused),
        )
        for one in found
    ]  # fmt: skip
    mean = sum(one.accuracy for one in found) / len(found)
    print_table(
        f"{path.name} on other people's digits: {mean:.2%} right, mean of {len(found)} sets",
        ("set", "digits", "right", "calibration error", "refused", "most confused"), rows,
    )  # fmt: skip


def _print_tables(result: "Evaluation", data: str) -> None:
    from mnist_edge.classes import noun

    print_table(
        f"{result.model} on {data} in {result.runtime}: {result.correct:,} of {result.images:,} right "
        f"({result.accuracy:.2%}), loss {result.loss:.4f}, calibration error {result.ece:.2%}",
        (noun([f.name for f in result.per_class]), "images", "precision", "recall", "F1"),
        [(f.name, f.images, f"{f.precision:.2%}", f"{f.recall:.2%}", f"{f.f1:.2%}") for f in result.per_class],
    )
    names = [figures.name for figures in result.per_class]
    if len(names) > MOST_IN_A_ROW:
        print_table("the most frequent confusions", ("true", "read as", "images"), _worst(result, names))
        return
    print_table(
        f"confusion matrix: a row for each true {noun(names)}, a column for what it was read as",
        (noun(names), *names),
        [(name, *counts) for name, counts in zip(names, result.confusion, strict=True)],
    )


def _worst(result: "Evaluation", names: list[str]) -> list[tuple[str, str, int]]:
    wrong = [
        (names[true], names[said], count)
        for true, counts in enumerate(result.confusion)
        for said, count in enumerate(counts)
        if count and true != said
    ]
    return sorted(wrong, key=lambda row: -row[2])[:MOST_CONFUSIONS]
