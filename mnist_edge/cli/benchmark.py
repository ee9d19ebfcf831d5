"""`mnist-edge benchmark`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.benchmark_compare import WORD, compare_files
from mnist_edge.cli.benchmark_photos import read_photos
from mnist_edge.cli.benchmark_profile import profile_command
from mnist_edge.cli.benchmark_speed import measure_speed
from mnist_edge.cli.benchmark_suite import read_pictures_command, run_suite_command
from mnist_edge.cli.options import Data, Finder, Force, Json, Runtime, complete_models
from mnist_edge.errors import UsageError

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL",
        autocompletion=complete_models,
        help="`.tflite` files or names of models that ship. Default: small. Or `compare` and two files of --report.",
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        metavar="DIR",
        help="Instead of the speed: how well the pictures there are read, which its labels.json describes; with "
        "--suite by other readers too.",
    ),
]
Pages = Annotated[
    int | None,
    typer.Option(
        "--pages", metavar="N", min=0,
        help="With --suite, instead of networks: how well and how fast so many generated pages are read, beside "
        "RapidOCR, Tesseract and webcam loops where they are installed. Default: with --photos 200.",
    ),
]  # fmt: skip
Sheet = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="FILE", help="With --photos: also draw the worst pictures, as .png or .jpg."),
]
ManyThreads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", min=1, max=256,
        help="CPU threads for one invoke. Default: 1; with --suite 1, and all cores.",
    ),
]  # fmt: skip
Suite = Annotated[
    Path | None,
    typer.Option(
        "--suite",
        metavar="DIR",
        help="Instead of the speed: models that ship and classic networks in every precision and in every engine that "
        "is installed, in turns; into a folder with results.json and report.html. MODEL may be a recipe.",
    ),
]
Pythons = Annotated[
    list[Path] | None,
    typer.Option(
        "--python",
        metavar="FILE",
        help="With --suite: the Python of another environment, for engines that are not in this one.",
    ),
]
Profile = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        metavar="FILE",
        help="Instead of the speed: where the time goes, operator by operator of one model and stage by stage of the "
        "reader, as a table, and as a picture into this .png.",
    ),
]

Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="Also write figures and computer there, as JSON, to be sent or compared."
    ),
]
_SUITES = (("pythons", "pages"), "--python and --pages are for a suite; add --suite DIR")
# By what is measured: options that do not go with it, and why not.
_REFUSED = {
    "suite": (
        (
            ("sheet", "csv", "accuracy", "runtime", "written", "profile", "finder"),
            "--suite measures all in one way; it takes --threads, --runs, --pages, --photos, --python and --data only",
        ),
    ),
    "pictures": (
        (
            ("models", "threads", "runs", "sheet", "csv", "accuracy", "runtime", "written", "profile", "finder"),
            "--suite with --pages or --photos reads in one way; it takes --python and --data only",
        ),
    ),
    "profile": (
        _SUITES,
        (
            ("photos", "sheet", "csv", "accuracy", "data", "runs", "written", "more models"),
            "--profile takes one model, --threads and --runtime",
        ),
    ),
    "photos": (
        _SUITES,
        (("csv", "accuracy", "data", "written"), "--csv, --report, --accuracy and --data do not go with --photos"),
    ),
    "speed": (
        _SUITES,
        (("sheet",), "--sheet shows labelled pictures; name their folder with --photos DIR"),
        (("finder",), "--finder finds digits in labelled pictures; name their folder with --photos DIR"),
    ),
}


def command(
    models: Models = None,
    photos: Photos = None,
    suite: Suite = None,
    pages: Pages = None,
    pythons: Pythons = None,
    profile: Profile = None,
    sheet: Sheet = None,
    finder: Finder = None,
    threads: ManyThreads = None,
    runs: Annotated[
        int | None,
        typer.Option("--runs", metavar="N", min=1, help="Samples of each timing. Default: 1000; with --suite 300."),
    ] = None,
    runtime: Runtime = None,
    accuracy: Annotated[bool, typer.Option("--accuracy", help="Also the accuracy on the test images.")] = False,
    data: Data = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Also write a table there.")] = None,
    written: Report = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Measure the speed, memory and size of models, side by side.

    With --photos: how well they read photographs. With --suite: all there is to compare, with a report.
    With --profile: where the time goes.

    `invoke` is the network alone; `28x28 image to digit` adds quantising and deciding; `ink to digit` adds the
    normalisation of one digit. Start-up and memory are of a fresh process. All models are timed in turns.

    Example: mnist-edge benchmark small.float32 small.int8 --accuracy

    Example: mnist-edge benchmark --photos my-photos --sheet worst.png

    Example: mnist-edge benchmark --suite session small nano three-conv

    Example: mnist-edge benchmark --suite session --pages 200 --photos my-photos --python rapid/bin/python

    Example: mnist-edge benchmark --report pi5.json

    Example: mnist-edge benchmark compare pi4.json pi5.json
    """
    if models and models[0] == WORD:
        compare_files(models[1:], json)
        return
    _refuse_contradictions(
        {
            "suite": suite, "profile": profile, "photos": photos, "pages": pages is not None, "pythons": pythons,
            "sheet": sheet, "csv": csv, "written": written, "finder": finder, "runtime": runtime, "runs": runs,
            "accuracy": accuracy, "data": data, "models": models, "more models": len(models or []) > 1,
            "threads": threads,
        }
    )  # fmt: skip
    if suite and (photos or pages is not None):
        read_pictures_command(suite, pages, photos, pythons or [], data, force, json)
        return
    if suite:
        run_suite_command(suite, models, threads, runs, pythons or [], data, force, json)
        return
    from mnist_edge.shipped_models import DEFAULT

    models = models or [DEFAULT]
    if profile:
        profile_command(profile, models[0], runtime, threads or 1, force, json)
    elif photos:
        read_photos(photos, models, sheet, finder, runtime, threads or 1, force, json)
    else:
        measure_speed(models, threads or 1, runs, runtime, accuracy, data, csv, written, force, json)


def _refuse_contradictions(given: Mapping[str, object]) -> None:
    """Raise `UsageError` where options do not go together; `given` has what was given, by the names in `_REFUSED`."""
    what = next((name for name in ("suite", "profile", "photos") if given[name]), "speed")
    if what == "suite" and (given["photos"] or given["pages"]):
        what = "pictures"
    for names, reason in _REFUSED[what]:
        if any(given[name] for name in names):
            raise UsageError(reason)
