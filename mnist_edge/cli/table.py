"""Lay out cells in columns, for tables and for help.

Text wraps between words, and columns that do not fit go below the others; a figure is never broken and never cut.
"""

import re
from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import NamedTuple

Paint = Callable[[str, str], str]
"""Gives a text a style: `bold`, `dim`, or the name of a colour."""

INDENT = GAP = "  "
# Characters of a word; a longer one, such as a path, may be broken.
LONGEST_WORD = 28
# Least width of a column of text; in the last column the terminal wraps longer words.
LEAST_TEXT = 16
# Such as 99.55%, -0.01 points, 1,024 and 11.6 us (1.00x); `none`, - and an empty cell are missing figures.
FIGURE = re.compile(r"([-+<>~]?\.?\d.{0,24}|none|-|)")
STYLES = {"ok": "green", "passed": "green", "missing": "yellow", "broken": "red", "FAILED": "red", "0": "dim"}


class Column(NamedTuple):
    """One column: its heading, and a cell for each row."""

    heading: str
    cells: tuple[str, ...]

    @property
    def figures(self) -> bool:
        """Whether it holds figures only, which are right-aligned and kept whole."""
        return any(self.cells) and all(FIGURE.fullmatch(cell) for cell in self.cells)

    @property
    def natural(self) -> int:
        """Characters that it takes without wrapping."""
        return max(len(line) for cell in (self.heading, *self.cells) for line in (cell.splitlines() or [""]))

    @property
    def least(self) -> int:
        """Characters below which a figure or a word would be broken."""
        words = [len(word) for cell in (self.heading, *(() if self.figures else self.cells)) for word in cell.split()]
        whole = max(map(len, self.cells), default=0) if self.figures else 0
        return max(whole, min(max(words, default=0), LONGEST_WORD))


def plain(text: str, style: str) -> str:
    """Leave a text unstyled."""
    return text


def lay_out(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None, paint: Paint = plain
) -> str:
    """Lay out columns under their headings; the first names the row.

    Args:
        headings: One a column; all empty for none.
        rows: Cells; a line break in one is kept on a terminal.
        width: Characters of a line of the terminal; None writes each row on one line, whatever its length.
        paint: Styles headings, and the words in `STYLES`.

    Returns:
        Lines, each with its end.
    """
    if width is None:
        rows = [[" ".join(cell.splitlines()) for cell in row] for row in rows]
    columns = [Column(heading, tuple(row[index] for row in rows)) for index, heading in enumerate(headings)]
    blocks = [columns] if width is None else _blocks(columns, width)
    return "\n".join("".join(f"{line}\n" for line in _lines(block, width, paint)) for block in blocks)


def _blocks(columns: list[Column], width: int) -> list[list[Column]]:
    """Put as many columns beside the first as fit; the others go below, beside the first again."""
    blocks = [columns[:1]]
    for column in columns[1:]:
        beside = [*blocks[-1], column]
        if len(beside) > 2 and _total(_least(beside)) > width:
            blocks.append([columns[0], column])
        else:
            blocks[-1] = beside
    return blocks


def _least(columns: list[Column]) -> list[int]:
    *others, last = columns
    return [*(one.least for one in others), last.least if last.figures else min(last.least, LEAST_TEXT)]


def _total(widths: Sequence[int]) -> int:
    return len(INDENT) + sum(widths) + len(GAP) * (len(widths) - 1)


def _widths(columns: list[Column], width: int | None) -> list[int]:
    widths, least = [column.natural for column in columns], _least(columns)
    text = [0 if column.figures else LEAST_TEXT for column in columns]
    while width is not None and _total(widths) > width:
        spare = [(have, index) for index, have in enumerate(widths) if have > least[index]]
        # A broken word is better than a broken line.
        spare = spare or [(have, index) for index, have in enumerate(widths) if have > text[index] > 0]
        if not spare:
            break
        widths[max(spare)[1]] -= 1
    return widths


def _lines(columns: list[Column], width: int | None, paint: Paint) -> list[str]:
    widths = _widths(columns, width)
    right = [column.figures for column in columns]
    headings = [column.heading for column in columns]
    lines = []
    if any(headings):
        lines += [paint(line, "dim") for line in _row(headings, widths, right, plain)]
    if any(headings) and width is not None:
        lines.append(INDENT + paint("─" * min(_total(widths) - len(INDENT), width - len(INDENT)), "dim"))
    for cells in zip(*(column.cells for column in columns), strict=True):
        lines += _row(cells, widths, right, paint)
    return lines


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], paint: Paint) -> list[str]:
    """Lay out a row in as many lines as its highest cell has."""
    # At the right edge a long word is left to the terminal.
    last = len(cells) - 1
    wrapped = [wrap_words(cell, widths[index], break_words=index < last) for index, cell in enumerate(cells)]
    lines = []
    for number in range(max(map(len, wrapped))):
        parts = []
        for cell, width, to_right in zip(wrapped, widths, right, strict=True):
            text = cell[number] if number < len(cell) else ""
            padding = " " * (width - len(text))
            painted = paint(text, STYLES[text]) if text in STYLES else text
            parts.append(padding + painted if to_right else painted + padding)
        lines.append((INDENT + GAP.join(parts)).rstrip())
    return lines


def wrap_words(text: str, width: int, *, break_words: bool = False) -> list[str]:
    """Wrap a text between words; a longer word, such as a path, stays whole, so that it can be copied.

    Args:
        text: Line breaks in it are kept.
        width: Characters of a line.
        break_words: Also break words that are longer than a line.
    """
    parts = [wrap(part, width, break_long_words=break_words, break_on_hyphens=False) for part in text.splitlines()]
    return [line for part in parts for line in part] or [""]
