"""Turn errors that a user can mend into one line and an exit code; a bug keeps its traceback."""

import errno
import gc
import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from mnist_edge import native_stderr
from mnist_edge.cli.commands import Commands
from mnist_edge.cli.console import log_to, note
from mnist_edge.cli.help import Group
from mnist_edge.cli.signals import interruptible
from mnist_edge.errors import CheckFailed, MnistEdgeError, ModelWarning, OutputError, UsageError
from mnist_edge.safe_text import mask_all

# No space left: on the disk, within the quota, or within the largest size of a file.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Objects, such as lists, that are made before Python looks for those that nothing reaches. By its own setting, 700, it
# would look 50 times while the rest of a command is imported.
GARBAGE = 50_000
# The exit code where the reader of standard output has closed it: a shell's for a program ended by SIGPIPE.
OUTPUT_CLOSED = 128 + 13
# Exit codes of a command; any other error of ours is 1.
EXIT_CODES: dict[type[MnistEdgeError], int] = {UsageError: 2, CheckFailed: 3}

# typer brings its own Click or installs one, depending on its version: this is that Click's UsageError.
_ClickUsageError: type[Any] = typer.BadParameter.__mro__[1]


def exit_code_of(error: MnistEdgeError) -> int:
    """Choose the exit code of a command that ends with this error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)


@contextmanager
def _one_line_errors(program: str) -> Iterator[None]:
    try:
        with flushed():
            yield
    except MnistEdgeError as error:
        _fail(str(error), exit_code_of(error))
    except _ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context else program
        # Click's message repeats what was typed; our own errors mask addresses themselves.
        message = mask_all(error.format_message()).rstrip(".")
        _fail(f"{message}{'' if message.endswith('?') else ';'} see: {command} --help", 2)
    except BrokenPipeError:
        # The reader of the output, such as `head`, has enough of it: nothing to report.
        raise typer.Exit(OUTPUT_CLOSED) from None
    except OSError as error:
        if error.strerror is None:
            raise
        # Files are written by functions that name them.
        where = error.filename or ("standard output" if error.errno in FULL else "")
        _fail(f"{where}: {error.strerror}" if where else error.strerror, 1)


@contextmanager
def flushed() -> Iterator[None]:
    """Flush what was printed, so that a full disk or a closed pipe shows here and not when Python ends."""
    try:
        yield
        sys.stdout.flush()
    except BaseException:
        try:
            sys.stdout.flush()
        except OSError:
            # Otherwise Python would try to flush once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


class ClosedOutput(io.TextIOBase):
    """Replacement for a standard output that was closed before the program began (`>&-`)."""

    def write(self, text: str, /) -> NoReturn:
        """Raise `OutputError`."""
        raise OutputError("standard output is closed; send it to a file, a pipe or /dev/null")


def replace_closed_streams() -> None:
    """Open the null device for standard streams that were closed, so that no file or camera gets their descriptors."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or ClosedOutput()
    sys.stderr = sys.stderr or io.StringIO()


def _fail(message: str, exit_code: int) -> None:
    note(f"error: {' '.join(message.split())}")
    raise typer.Exit(exit_code)


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Print each `ModelWarning` once, as a note; other warnings concern developers and stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelWarning)
        show, printed = warnings.showwarning, set[str]()

        def shown(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if not issubclass(category, ModelWarning):
                show(message, category, *where, **more)
            elif str(message) not in printed:
                printed.add(str(message))
                note(f"note: {message}")

        warnings.showwarning = shown
        yield


class Root(Group):
    """The root command, which accepts `--verbose` anywhere on the line."""

    def __init__(self, **settings: Any) -> None:
        """Take what typer found, and our commands, which are imported when they are needed."""
        super().__init__(**settings)
        self.commands: Any = Commands(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--verbose` out, then parse."""
        cut = args.index("--") if "--" in args else len(args)
        if "--verbose" not in args[:cut]:
            native_stderr.enable_silencing()
        args = [arg for arg in args[:cut] if arg != "--verbose"] + args[cut:]
        with _one_line_errors("mnist-edge"):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command inside the boundary."""
        if not gc.isenabled():
            # By `mnist_edge.__main__`. What is imported by now is no garbage ever.
            gc.freeze()
            gc.set_threshold(GARBAGE)
            gc.enable()
        with _one_line_errors("mnist-edge"), interruptible(), log_to(note), _warnings_as_notes():
            return super().invoke(ctx)
