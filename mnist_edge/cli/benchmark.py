"""`mnist-edge benchmark`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.benchmark_compare import WORD, compare_files
from mnist_edge.cli.benchmark_profile import profile_command
from mnist_edge.cli.benchmark_suite import run_suite_command
from mnist_edge.cli.console import note, print_json, print_notes, print_table, progress
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
        help="Instead of the speed: how well the pictures there are read, which its labels.json describes.",
    ),
]
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


def command(
    models: Models = None,
    photos: Photos = None,
    suite: Suite = None,
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

    Example: mnist-edge benchmark --report pi5.json

    Example: mnist-edge benchmark compare pi4.json pi5.json
    """
    if models and models[0] == WORD:
        compare_files(models[1:], json)
        return
    from mnist_edge.benchmarks.benchmark import RUNS
    from mnist_edge.shipped_models import DEFAULT

    if suite:
        if photos or sheet or csv or accuracy or runtime or written or profile:
            raise UsageError("--suite measures all in one way; it takes --threads, --runs, --python and --data only")
        run_suite_command(suite, models, threads, runs, pythons or [], data, force, json)
        return
    if pythons:
        raise UsageError("--python names environments for a suite; add --suite DIR")
    models = models or [DEFAULT]
    if profile:
        if photos or sheet or csv or accuracy or data or runs or written or len(models) > 1:
            raise UsageError("--profile takes one model, --threads and --runtime")
        profile_command(profile, models[0], runtime, threads or 1, force, json)
        return
    if photos:
        if csv or accuracy or data or written:
            raise UsageError("--csv, --report, --accuracy and --data do not go with --photos")
        _read_photos(photos, models, sheet, finder, runtime, threads or 1, force, json)
    elif sheet:
        raise UsageError("--sheet shows labelled pictures; name their folder with --photos DIR")
    elif finder:
        raise UsageError("--finder finds digits in labelled pictures; name their folder with --photos DIR")
    else:
        _measure_speed(models, threads or 1, runs or RUNS, runtime, accuracy, data, csv, written, force, json)


def _measure_speed(
    models: list[str],
    threads: int,
    runs: int,
    runtime: str | None,
    accuracy: bool,
    data: Path | None,
    csv: Path | None,
    written: Path | None,
    force: bool,
    json: bool,
) -> None:
    from json import dumps

    from mnist_edge.atomic_files import refuse_overwrite, write_text
    from mnist_edge.benchmarks.benchmark import benchmark
    from mnist_edge.benchmarks.compare import make_report
    from mnist_edge.benchmarks.report import batches_note, caption, table_rows, titles, write_csv
    from mnist_edge.provenance import load_for

    for path in filter(None, (csv, written)):
        refuse_overwrite(path, force)
    with progress("benchmark") as report:
        found = load_for(*models, data=data, progress=report) if accuracy else None
        measured = benchmark(
            models, runs=runs, threads=threads, runtime=runtime, split=found.test if found else None, progress=report
        )
    if csv:
        write_csv(measured, csv)
        note(f"wrote {csv}")
    if written:
        write_text(written, f"{dumps(make_report(measured), indent=1)}\n")
        note(f"wrote {written}")
    if slowed := measured[0].slowed:
        note(f"warning: while it measured, the processor was slowed down: {', '.join(slowed)}; see mnist-edge doctor")
    print_notes(found.notes if found else [])
    if json:
        print_json([one.to_json() for one in measured])
        return
    print_table(caption(measured), ("", *titles([one.file for one in measured])), table_rows(measured))
    if batched := batches_note(measured):
        note(f"note: {batched}")


def _read_photos(
    folder: Path,
    models: list[str],
    sheet: Path | None,
    finder: str | None,
    runtime: str | None,
    threads: int,
    force: bool,
    json: bool,
) -> None:
    from mnist_edge import native_stderr
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.benchmarks.contact_sheet import MOST, contact_sheet, refuse_format
    from mnist_edge.benchmarks.photo_report import TAG_COLUMNS, benchmark_photos, caption, table_rows, tag_rows
    from mnist_edge.benchmarks.report import titles
    from mnist_edge.camera.images import write_image
    from mnist_edge.shipped_models import FINDER

    if sheet:
        if len(models) > 1:
            raise UsageError("--sheet shows the mistakes of one model; name only one")
        refuse_format(sheet)
        refuse_overwrite(sheet, force)
    # Some decoders write warnings below Python; the progress bar has a descriptor of its own.
    with progress("photographs") as report, native_stderr.silenced():
        reports = benchmark_photos(
            folder, models, finder=finder or FINDER, runtime=runtime, threads=threads, progress=report
        )
    names = titles([one.file for one in reports])
    if sheet:
        title = f"{names[0]}: F1 {reports[0].score.f1:.3f}; the worst of {len(reports[0].pictures)} pictures"
        write_image(sheet, contact_sheet(folder, reports[0].worst[:MOST], title))
        note(f"wrote {sheet}")
    if json:
        print_json([one.to_json() for one in reports])
        return
    print_table(caption(reports), ("", *names), table_rows(reports))
    for name, one in zip(names, reports, strict=True):
        if tags := tag_rows(one):
            print_table(f"{name}, by tag, worst first", TAG_COLUMNS, tags)
