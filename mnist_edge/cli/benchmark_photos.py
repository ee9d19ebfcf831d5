"""`mnist-edge benchmark --photos`: how well labelled pictures are read."""

from pathlib import Path

from mnist_edge.cli.console import note, print_json, print_table, progress
from mnist_edge.errors import UsageError


def read_photos(
    folder: Path,
    models: list[str],
    sheet: Path | None,
    finder: str | None,
    runtime: str | None,
    threads: int,
    force: bool,
    json: bool,
) -> None:
    """Read labelled pictures with each model and print the tables; see the options of `command`."""
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
