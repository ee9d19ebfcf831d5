"""The command line: each command is a module here, which parses, calls a public function and prints."""

import io
import sys
import threading
from typing import Annotated

import typer

from mnist_edge.cli.boundary import Root, replace_closed_streams
from mnist_edge.cli.signals import end, exit_code

# Without Rich, which would double the time of `--help`.
app = typer.Typer(
    cls=Root,
    help="Read handwritten digits on a small machine, and make the models that do it.",
    epilog="`mnist-edge COMMAND --help` tells more of one.",
    context_settings={"max_content_width": 100},
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
        bool, typer.Option("--verbose", help="Let TensorFlow and the runtimes talk; goes anywhere on the line.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line."""
    replace_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal's encoding lacks becomes a question mark, not an error.
        sys.stdout.reconfigure(errors="replace")
    try:
        app(prog_name="mnist-edge", args=sys.argv[1:])
    except SystemExit as ending:
        # A stuck stream leaves its thread running, and so may a loop whose window was closed. A thread that returns
        # from OpenCV while Python shuts down would abort the process.
        if any(thread.daemon for thread in threading.enumerate()):
            end(exit_code(ending))
        raise
