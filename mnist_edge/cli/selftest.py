"""`mnist-edge selftest`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_table, progress
from mnist_edge.cli.options import Json, Runtime, Timeout, complete_models

if TYPE_CHECKING:
    from mnist_edge.selftest import SelfTest

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL", show_default=False, autocompletion=complete_models,
        help="A .tflite or the name of a model that ships. Default: all that ship.",
    ),
]  # fmt: skip


def command(models: Models = None, runtime: Runtime = None, timeout: Timeout = None, json: Json = False) -> None:
    """Show by numbers that models compute here what they shall.

    Compares what this device with this runtime makes of the golden inputs inside each file with the golden outputs
    beside them: within one quantum in front of the softmax, and the same decisions behind it. Each runs in a process of
    its own. A file without golden vectors is named and passes; the exit code is 3 where any fails.

    Example: mnist-edge selftest small --runtime ai-edge-litert
    """
    from mnist_edge.errors import CheckFailed
    from mnist_edge.model_file import TRIAL_SECONDS
    from mnist_edge.selftest import selftest_apart
    from mnist_edge.shipped_models import shipped_files

    with progress("testing") as report:
        asked: Sequence[str | Path] = models or shipped_files()
        found = []
        for done, model in enumerate(asked):
            report(done, len(asked))
            found.append(selftest_apart(model, runtime, timeout or TRIAL_SECONDS))
    failed = [one for one in found if one.failure]
    if json:
        print_json([one.to_json() for one in found])
    else:
        columns = ("model", "runtime", "inputs", "difference", "allowed", "decisions", "result")
        print_table("FAILED" if failed else "passed", columns, map(_row, found))
    if failed:
        reasons = "; ".join(f"{one.name}: {one.failure}" for one in failed)
        raise CheckFailed(f"{reasons}; another runtime, or another version of it, may compute right: mnist-edge doctor")


def _row(one: "SelfTest") -> tuple[object, ...]:
    return (
        one.name,
        one.runtime or "",
        one.inputs or "",
        "" if one.difference is None else f"{one.difference:.3g}",
        "" if one.tolerance is None else f"{one.tolerance:g}",
        "" if one.decisions is None else f"{one.decisions} of {one.inputs}",
        one.result,
    )
