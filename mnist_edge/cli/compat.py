"""`mnist-edge compat`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_table
from mnist_edge.cli.options import Json, complete, complete_models

if TYPE_CHECKING:
    from mnist_edge.compat import Problem


def _releases() -> Iterable[str]:
    from mnist_edge.operator_versions import RELEASES

    return RELEASES


Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", autocompletion=complete_models, help="A .tflite or the name of a model that ships."
    ),
]
Runtimes = Annotated[
    list[str] | None,
    typer.Option(
        "--runtime", metavar="NAME==VERSION", autocompletion=complete(_releases),
        help="One that must run it, such as tflite-runtime==2.14.0; may be repeated. Default: all that are known.",
    ),
]  # fmt: skip


def command(model: Model, runtime: Runtimes = None, json: Json = False) -> None:
    """Tell which runtimes can run a file, without running it.

    From its operators, their versions and the types they take; what mends a file stands beside what is in the way.
    tflite-micro is TensorFlow Lite Micro, for microcontrollers. The exit code is 3 where a runtime that was asked for
    cannot run it, or none can.

    Example: mnist-edge compat small --runtime tflite-runtime==2.14.0
    """
    from mnist_edge.compat import compatibility
    from mnist_edge.errors import CheckFailed
    from mnist_edge.operator_versions import RELEASES

    found = compatibility(model, runtime or RELEASES)
    if json:
        print_json(found.to_json())
    else:
        operators = [(one.name, one.version, one.takes, count) for one, count in found.operators]
        print_table("", ("operator", "version", "takes", "times"), operators)
        rows = [
            (verdict.runtime, "ok" if verdict.runs else "FAILED", "\n".join(map(_line, verdict.problems)))
            for verdict in found.verdicts
        ]
        print_table("", ("runtime", "runs it", "what is in the way, and what to do"), rows)
    failing = [verdict.runtime for verdict in found.verdicts if not verdict.runs]
    if failing and (runtime or len(failing) == len(found.verdicts)):
        raise CheckFailed(f"{model} cannot be run by {', '.join(failing)}")


def _line(problem: "Problem") -> str:
    return f"{problem.operator}: {problem.reason}\n→ {problem.mend}"
