"""`mnist-edge verify`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Json, Runtime, complete_models

if TYPE_CHECKING:
    from mnist_edge.converters.parity import ParityReport


def _percent(value: float | None) -> float | None:
    # 0.998 percent would fail nothing: it must be meant as a share.
    if value is not None and 0 < value <= 1:
        raise typer.BadParameter(f"{value:g} is below 1 %; write percent, {100 * value:g}")
    return value


# A wider table is read by nobody.
MOST_IN_A_ROW = 12
Reference = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE",
        autocompletion=complete_models,
        help="The model as trained: .keras, .h5, SavedModel, run folder, .tflite or name.",
    ),
]
Candidate = Annotated[
    str, typer.Argument(metavar="CANDIDATE", autocompletion=complete_models, help="The model to deploy, likewise.")
]
MaxDrop = Annotated[
    float | None,
    typer.Option(
        "--max-drop",
        metavar="POINTS",
        min=0,
        max=100,
        help="Largest loss of accuracy, in percentage points. Default: the candidate's precision's, 0.10 for int8.",
    ),
]
MinAgreement = Annotated[
    float | None,
    typer.Option(
        "--min-agreement",
        metavar="PERCENT",
        min=0,
        max=100,
        callback=_percent,
        help="Lowest share of images with the same answer, in percent. Default: the precision's, 99.8 for int8.",
    ),
]
MaxClassDrop = Annotated[
    float | None,
    typer.Option(
        "--max-class-drop",
        metavar="POINTS",
        min=0,
        max=100,
        help="Largest loss on the images of one digit, or class. Default: the precision's, 0.50 for int8.",
    ),
]
MinP = Annotated[
    float | None,
    typer.Option(
        "--min-p",
        metavar="P",
        min=0,
        max=1,
        help="Lowest p of McNemar's test where the candidate is worse. Default: the precision's, 0.01 for int8; "
        "none with --max-drop.",
    ),
]


def command(
    reference: Reference,
    candidate: Candidate,
    max_drop: MaxDrop = None,
    min_agreement: MinAgreement = None,
    max_class_drop: MaxClassDrop = None,
    min_p: MinP = None,
    layers: Annotated[bool, typer.Option("--layers", help="Also each layer's quantization error (int8).")] = False,
    data: Data = None,
    runtime: Runtime = None,
    json: Json = False,
) -> None:
    """Prove that a converted model kept its accuracy.

    By both accuracies, that on each digit or class, agreement, and McNemar's exact test. The exit code is 3 where it
    did not.

    Example: mnist-edge verify runs/small runs/small/small.int8.tflite --max-drop 0.1
    """
    from dataclasses import replace

    from mnist_edge.converters.layer_error import layer_errors
    from mnist_edge.converters.verify import verify
    from mnist_edge.pixel_trial import trial_images
    from mnist_edge.provenance import load_for

    drops = {"max_drop": max_drop, "min_agreement": min_agreement, "max_class_drop": max_class_drop}
    tolerances = {name: None if percent is None else percent / 100 for name, percent in drops.items()}
    with progress("verifying") as report:
        found = load_for(reference, candidate, data=data, progress=report)
        rows = layer_errors(reference, candidate, found) if layers else None
        result = verify(
            reference, candidate, found.test, **tolerances, min_p=min_p, runtime=runtime, classes=found.classes,
            trial=trial_images(found), progress=report,
        )  # fmt: skip
    print_notes(found.notes)
    result = replace(result, layers=rows)
    if json:
        print_json(result.to_json())
    else:
        _print_tables(result, found.name, found.classes)
    result.raise_if_failed()


def _print_tables(result: "ParityReport", data: str, classes: tuple[str, ...]) -> None:
    from mnist_edge.classes import noun

    both = result.reference, result.candidate
    scores = [(score.model, score.runtime, score.correct, f"{score.accuracy:.2%}") for score in both]
    print_table(f"{result.images} test images of {data}", ("model", "runtime", "right", "accuracy"), scores)
    print_table(
        "passed" if result.passed else "FAILED", ("parity", "measured", "wanted"), _figures(result, noun(classes))
    )
    drops = [(name, f"{100 * drop:.2f}") for name, drop in zip(classes, result.per_class_drop, strict=True)]
    if len(classes) > MOST_IN_A_ROW:
        worst = sorted(drops, key=lambda row: -float(row[1]))[:MOST_IN_A_ROW]
        print_table("the largest drops by class", ("class", "points"), worst)
    else:
        names, points = zip(*drops, strict=True)
        print_table(f"by {noun(classes)}", ("", *names), [("drop, points", *points)])
    if result.layers:
        errors = ("scale", "rmse", "rmse_per_scale", "max_abs_error")
        # Fused operators carry all their names, separated by semicolons.
        rows = [
            (row["tensor"].partition(";")[0], row["op"], *(f"{row[key]:.4g}" for key in errors))
            for row in result.layers
        ]
        columns = ("layer", "op", "one quantum", "RMSE", "RMSE in quanta", "largest")
        print_table("own error of each layer in int8, real units", columns, rows)


def _figures(result: "ParityReport", kind: str) -> list[tuple[object, ...]]:
    tolerance, difference = result.tolerance, result.max_abs_difference
    least_p = f"at least {tolerance.min_p:g}" if tolerance.min_p else "any"
    return [
        ("accuracy drop", f"{100 * result.accuracy_drop:.2f} points", f"at most {100 * tolerance.max_drop:.4g}"),
        (
            f"largest drop on one {kind}",
            f"{100 * max(result.per_class_drop):.2f} points",
            f"at most {100 * tolerance.max_class_drop:.4g}",
        ),
        ("agreement", f"{100 * result.agreement:.2f} %", f"at least {100 * tolerance.min_agreement:.6g} %"),
        ("different answers", result.disagreements, ""),
        (
            "p of equal accuracy (McNemar, exact)",
            f"{result.p_value:.3g}",
            "any: not worse" if result.accuracy_drop <= 0 else least_p,
        ),
        ("largest difference of a probability", "none" if difference is None else f"{difference:.4f}", ""),
    ]
