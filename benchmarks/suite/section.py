"""A part of a report, as Markdown and as HTML."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a heading, a paragraph, a table, and a picture."""

    title: str
    text: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    picture: Path | None = None

    def markdown(self) -> str:
        """Return it as Markdown; the picture lies beside the report."""
        lines = [f"# {self.title}", "", self.text, ""]
        if self.picture:
            lines += [f"![{self.title}]({self.picture.name})", ""]
        if self.rows:
            lines += [f"| {' | '.join(row)} |" for row in (self.head, ["---"] * len(self.head), *self.rows)] + [""]
        return "\n".join(lines)

    def html(self) -> str:
        """Return it as HTML, the picture within; a table wider than the screen scrolls."""
        parts = [f"<h2>{html.escape(self.title)}</h2>", f"<p>{html.escape(self.text)}</p>"]
        if self.picture:
            data = base64.b64encode(self.picture.read_bytes()).decode()
            parts.append(f'<img alt="{html.escape(self.title)}" src="data:image/png;base64,{data}">')
        if self.rows:
            parts.append(f"<div><table><tr>{_row(self.head, 'th')}</tr>")
            parts += [f"<tr>{_row(row, 'td')}</tr>" for row in self.rows]
            parts.append("</table></div>")
        return "\n".join(parts)


def _row(cells: Sequence[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
