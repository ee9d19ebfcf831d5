"""Tables in Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mnist_edge.benchmarks.release.measured import measured


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(rows: Iterable[Mapping[str, Any]], head: str, template: str) -> str:
    """Return a table: its head, and a template that is filled from each row, both with ` | ` between columns."""
    return table(head.split(" | "), [template.format(**row).split(" | ") for row in rows])


def table_of(result: str, key: str, head: str, template: str) -> Callable[[], str]:
    """Return a function that returns the table, as in `filled`, of the rows that a measured file has under a key."""
    return lambda: filled(measured(result)[key], head, template)
