"""The command line: each module here is one command, a thin line over a public function."""

import sys
from typing import Annotated

import typer

from mnist_edge.cli import (
    benchmark,
    camera,
    data,
    doctor,
    evaluate,
    export,
    models,
    quickstart,
    read,
    service,
    train,
    verify,
)
from mnist_edge.cli.boundary import Group

# Plain help: Rich's costs as much again as everything else that `--help` does.
app = typer.Typer(
    cls=Group,
    help="Train a digit reader, export it to TFLite, prove that it kept its accuracy, and run it on a small machine.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _module in (quickstart, data, train, evaluate, export, verify, benchmark, read, camera, doctor):
    app.command(_module.__name__.rpartition(".")[2], cls=getattr(_module, "GroupedHelp", None))(_module.command)
app.add_typer(models.app, name="models")
app.add_typer(service.app, name="service")


def _print_version(value: bool) -> None:
    if value:
        from mnist_edge import __version__

        print(f"mnist-edge {__version__}", flush=True)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Anywhere on the line: let TensorFlow and the runtimes talk.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line."""
    app(prog_name="mnist-edge", args=sys.argv[1:])
