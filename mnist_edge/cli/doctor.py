"""`mnist-edge doctor`."""

from typing import Annotated

import typer

from mnist_edge.cli.console import print_json, print_table, progress
from mnist_edge.cli.options import Json, Timeout


def command(
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="What the runtimes are tried with.")] = "small",
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Say what this device has, what is missing, and what to do.

    Ends with 0 where digits can be read in pictures: a model, a runtime that runs it, and OpenCV; else with 1. Whatever
    else is missing (camera, display, training) does not count.

    Example: mnist-edge doctor
    """
    from mnist_edge.doctor.examine import TIMEOUT_S, examine

    with progress("examining"):
        diagnosis = examine(model, timeout or TIMEOUT_S)
    if json:
        print_json(diagnosis.to_json())
    else:
        verdict = "digits can be read here" if diagnosis.reading_works else "digits cannot be read here yet"
        rows = [
            (check.name, check.status.value, f"{check.found}\n→ {check.advice}" if check.advice else check.found)
            for check in diagnosis.checks
        ]
        print_table(verdict, ("check", "status", "found, and what to do"), rows)
    if not diagnosis.reading_works:
        raise typer.Exit(1)
