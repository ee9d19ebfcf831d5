"""`mnist-edge benchmark`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.options import Data, Force, Json, Runtime, Threads


def command(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="`.tflite` files or names of models that ship.")
    ],
    threads: Threads = 1,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Samples of each timing.")] = 1000,
    runtime: Runtime = None,
    accuracy: Annotated[bool, typer.Option("--accuracy", help="Also the accuracy on the test images.")] = False,
    data: Data = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write a table there.", show_default=False)
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Latency, start-up, memory and size of models, side by side, on this machine.

    `invoke` is the network alone; `28x28 image to digit` adds quantising and deciding; `ink to digit` adds the
    normalisation of one digit. Start-up and memory are of a fresh process. All models are timed in turns.

    Example: mnist-edge benchmark small.float32 small.int8 --accuracy
    """
    from mnist_edge.benchmarks.benchmark import benchmark
    from mnist_edge.benchmarks.report import batches_note, caption, table_rows, titles, write_csv
    from mnist_edge.cli.console import note, print_json, print_table, progress
    from mnist_edge.dataset import load
    from mnist_edge.files import refuse_overwrite

    if csv:
        refuse_overwrite(csv, force)
    with progress("benchmark") as report:
        found = load(data, fallback=True, progress=report) if accuracy else None
        measured = benchmark(
            models, runs=runs, threads=threads, runtime=runtime, split=found.test if found else None, progress=report
        )
    if csv:
        write_csv(measured, csv)
        note(f"wrote {csv}")
    for line in found.notes if found else ():
        note(f"note: {line}")
    if json:
        print_json([one.to_json() for one in measured])
        return
    print_table(caption(measured), ("", *titles(measured)), table_rows(measured))
    if batched := batches_note(measured):
        note(f"note: {batched}")
