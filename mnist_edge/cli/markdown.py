"""Lay out Markdown for a terminal, as far as model cards use it: headings, paragraphs, tables and fenced text."""

import re
from collections.abc import Iterator
from itertools import groupby

from mnist_edge.cli.table import INDENT, Paint, lay_out, wrap_words

# Longer lines are hard to read, however wide the terminal is.
LONGEST_LINE = 100
PARAGRAPHS = re.compile(r"\n{2,}")


def render(markdown: str, width: int, paint: Paint) -> str:
    """Lay out a card for a terminal of `width` characters; no figure is broken."""
    return "\n".join(_blocks(markdown, width, paint))


def _blocks(markdown: str, width: int, paint: Paint) -> Iterator[str]:
    for number, part in enumerate(re.split(r"^```\w*$", markdown, flags=re.MULTILINE)):
        if number % 2:
            yield _fenced(part.strip("\n").splitlines(), width, paint)
            continue
        for text in PARAGRAPHS.split(part.strip("\n")):
            if text.startswith("#"):
                yield paint(text.lstrip("# "), "bold") + "\n"
            elif text.startswith("|"):
                yield _table(text.splitlines(), width, paint)
            elif text:
                yield "\n".join(wrap_words(_inline(text), min(width, LONGEST_LINE))) + "\n"


def _table(lines: list[str], width: int, paint: Paint) -> str:
    head, _, *rows = [[_inline(cell).strip() for cell in line.strip("|").split("|")] for line in lines]
    return lay_out(head, rows, width=width, paint=paint)


def _fenced(lines: list[str], width: int, paint: Paint) -> str:
    """Lay out text in columns, column by column where it is too wide."""
    if max(map(len, lines)) + len(INDENT) <= width:
        return "".join(f"{INDENT}{line}\n" for line in lines)
    cells = [re.split(r" {2,}", line) for line in lines]
    parts = [list(rows) for _, rows in groupby(cells, len)]
    return "\n".join(lay_out([""] * len(rows[0]), rows, width=width, paint=paint) for rows in parts)


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*|`(.+?)`", lambda found: found[1] or found[2], text)
