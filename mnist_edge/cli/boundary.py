"""Where errors that a user can mend become one line and an exit code; a bug passes through with its traceback."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from mnist_edge import quiet
from mnist_edge.cli.console import note
from mnist_edge.cli.help import Group
from mnist_edge.errors import MnistEdgeError

# typer brings its own Click or installs one, depending on its version: this is that Click's UsageError.
_UsageError: type[Any] = typer.BadParameter.__mro__[1]


@contextmanager
def _one_line_errors(program: str) -> Iterator[None]:
    try:
        yield
        # A full disk or a closed pipe shows here, not when Python has ended and can only complain.
        sys.stdout.flush()
    except MnistEdgeError as error:
        _fail(str(error), error.exit_code)
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context else program
        message = error.format_message().rstrip(".")
        _fail(f"{message}{'' if message.endswith('?') else ';'} see: {command} --help", 2)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.strerror is None:
            raise
        _drop_what_cannot_be_written()
        _fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror, 1)


def _drop_what_cannot_be_written() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, exit_code: int) -> None:
    note(f"error: {' '.join(message.split())}")
    raise typer.Exit(exit_code)


class Root(Group):
    """The root command; also accepts `--verbose` anywhere on the line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--verbose` out, then parse."""
        cut = args.index("--") if "--" in args else len(args)
        quiet.verbose = "--verbose" in args[:cut]
        args = [arg for arg in args[:cut] if arg != "--verbose"] + args[cut:]
        with _one_line_errors("mnist-edge"):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command inside the boundary."""
        with _one_line_errors("mnist-edge"):
            return super().invoke(ctx)
