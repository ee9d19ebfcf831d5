"""How commands talk: results to stdout, notes and progress to stderr."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mnist_edge.progress import Progress, no_progress

# Tables in a pipe or a log are not cut to a terminal that is not there.
WIDTH_WITHOUT_TERMINAL = 160


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, figures: bool = True) -> None:
    """A table for people; the first column is text, the others are right-aligned figures, or text as well."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if figures and index else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    Console(width=width, highlight=False, markup=False, emoji=False).print(table)


def print_json(document: Any) -> None:
    """One JSON document on one line of stdout."""
    print(json.dumps(document, ensure_ascii=False), flush=True)


def note(text: str) -> None:
    """Something a user should know that is not the result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A progress bar on stderr while the block runs; nothing where stderr is no terminal.

    Until the first report it shows a spinner, which serves work that cannot tell how far it is.
    """
    if not sys.stderr.isatty():
        yield no_progress
        return
    import os

    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    # A copy of the terminal's descriptor, since descriptor 2 itself is silenced while native libraries work.
    with os.fdopen(os.dup(2), "w") as terminal:
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        with Bar(*columns, console=Console(file=terminal, force_terminal=True), transient=True) as bar:
            task = bar.add_task(title, total=None, note="")

            def report(done: float, total: float, note: str = "") -> None:
                bar.update(task, completed=done, total=total, note=note)

            yield report
