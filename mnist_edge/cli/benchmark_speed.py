"""`mnist-edge benchmark`: the speed, memory and size of models."""

from pathlib import Path

from mnist_edge.cli.console import note, print_json, print_notes, print_table, progress


def measure_speed(
    models: list[str],
    threads: int,
    runs: int | None,
    runtime: str | None,
    accuracy: bool,
    data: Path | None,
    csv: Path | None,
    written: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Measure models in turns and print the table; see the options of `command`, `runs` is None for the usual ones."""
    from json import dumps

    from mnist_edge.atomic_files import refuse_overwrite, write_text
    from mnist_edge.benchmarks.benchmark import RUNS, benchmark
    from mnist_edge.benchmarks.compare import make_report
    from mnist_edge.benchmarks.report import batches_note, caption, table_rows, titles, write_csv
    from mnist_edge.provenance import load_for

    for path in filter(None, (csv, written)):
        refuse_overwrite(path, force)
    with progress("benchmark") as report:
        found = load_for(*models, data=data, progress=report) if accuracy else None
        measured = benchmark(
            models,
            runs=runs or RUNS,
            threads=threads,
            runtime=runtime,
            split=found.test if found else None,
            progress=report,
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
