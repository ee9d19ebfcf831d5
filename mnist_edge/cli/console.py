"""Print results to stdout, and notes and progress to stderr."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from mnist_edge.cli.table import STYLES, Paint, lay_out, plain, wrap_words
from mnist_edge.logs import LineHandler
from mnist_edge.progress import Progress, no_progress
from mnist_edge.safe_text import printable, to_json

# Widths in characters: of a progress bar, and of spinner, times and gaps beside it.
BAR, SPINNER_AND_TIMES = 20, 22
# Parameters of SGR, "select graphic rendition" (ECMA-48, section 8.3.117).
STYLE_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table as wide as the terminal; in a pipe each row is one line, and nothing is cut.

    Args:
        title: Printed above it; may be empty.
        columns: The headings; all empty for a list of names and values.
        rows: Cells. A column of figures is right-aligned, every other left.
    """
    width = _terminal_width()
    paint = painter(sys.stdout)
    if title:
        title = "\n".join(map(printable, title.splitlines()))
        lines = [title] if width is None else wrap_words(title, width)
        print("\n".join(paint(line, STYLES.get(line, "bold")) for line in lines))
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    print(lay_out(columns, cells, width=width, paint=paint), end="" if width is None else "\n", flush=True)


def print_card(markdown: str) -> None:
    """Print a model card: laid out on a terminal, unchanged in a pipe."""
    from mnist_edge.cli.markdown import render

    width = _terminal_width()
    print(markdown if width is None else render(markdown, width, painter(sys.stdout)), end="", flush=True)


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def painter(stream: TextIO) -> Paint:
    """Choose how text is styled on a stream: not at all where it is no terminal or colours are not wanted."""
    wanted = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return _paint if wanted else plain


def _paint(text: str, style: str) -> str:
    return f"\x1b[{STYLE_CODES[style]}m{text}\x1b[0m"


def print_json(document: Any) -> None:
    """Print a document as one line of JSON."""
    print(to_json(document), flush=True)


def note(text: str) -> None:
    """Print a line to stderr that is not the result; a leading `note:` or `error:` is coloured."""
    text = printable(text)
    lines = wrap_words(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else [text]
    kind, colon, rest = "\n".join(lines).partition(":")
    style = {"error": "red", "note": "yellow"}.get(kind)
    painted = painter(sys.stderr)(kind + colon, style) if style else kind + colon
    print(painted + rest, file=sys.stderr, flush=True)


def print_notes(lines: Iterable[str]) -> None:
    """Print each line as a note."""
    for line in lines:
        note(f"note: {line}")


@contextmanager
def log_to(write: Callable[[str], object]) -> Iterator[None]:
    """Write the package's log as lines `note: ...` while the block runs; an inner block replaces an outer."""
    logger, handler = logging.getLogger("mnist_edge"), LineHandler(write, private=True)
    outer, level = [one for one in logger.handlers if isinstance(one, LineHandler)], logger.level
    for one in outer:
        logger.removeHandler(one)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        for one in outer:
            logger.addHandler(one)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is no terminal.

    Until the first report it shows a spinner, for work that cannot know its length.
    """
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    # A copy of the terminal's descriptor, since descriptor 2 itself is silenced while native libraries work.
    with os.fdopen(os.dup(2), "w") as terminal:
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(BAR), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        width = shutil.get_terminal_size().columns - len(title) - BAR - SPINNER_AND_TIMES
        with Bar(*columns, console=Console(file=terminal, force_terminal=True), transient=True) as bar:
            task = bar.add_task(title, total=None, note="")

            def report(done: float, total: float, note: str = "") -> None:
                # A longer note would push out the times.
                bar.update(task, completed=done, total=total, note=printable(note)[: max(width, 0)])

            yield report
