"""A session as Markdown and as one HTML page: the same tables, and pictures in the latter."""

import base64
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.report import threads_text
from mnist_edge.benchmarks.suite.engines import OURS
from mnist_edge.benchmarks.suite.plots import plot_network
from mnist_edge.benchmarks.suite.results import Results, Row

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}img{max-width:100%}"
)
COLUMNS = (
    "engine", "precision", "invoke, us", "times ours (95 %)", "", "times floor", "image to digit, us", "right",
    "decides as Keras", "load, ms", "first, ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: a heading, a paragraph, a table, and a picture."""

    title: str
    text: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    picture: Path | None = None


def write_reports(results: Results, folder: Path) -> None:
    """Write `report.md`, `report.html` and the pictures of a session."""
    parts = list(sections(results, folder))
    write_text(folder / "report.md", "\n".join(map(_markdown, parts)))
    body = "\n".join(map(_html, parts))
    title = html.escape(parts[0].title)
    write_text(
        folder / "report.html",
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>\n'
        f"{body}\n</html>\n",
    )


def sections(results: Results, folder: Path | None = None) -> Iterator[Section]:
    """Yield the parts of a report; with a folder, pictures are drawn there."""
    yield Section("Benchmark suite", _introduction(results))
    for name, origin, macs in results.networks:
        for threads in sorted({row.threads for row in results.rows}):
            rows = sorted(
                (row for row in results.rows if (row.network, row.threads) == (name, threads)),
                key=lambda row: row.invoke_us,
            )
            if not rows:
                continue
            text = f"{macs:,} multiply-accumulates; weights: {origin}."
            picture = folder / f"{name}-{threads}.png" if folder else None
            if picture:
                plot_network(rows, f"{name}, {threads_text(threads)}", picture)
            yield Section(f"{name}, {threads_text(threads)}", text, COLUMNS, [_cells(row) for row in rows], picture)
    yield _starts(results)
    if results.absent:
        yield Section("Not measured", "", ("what", "why"), results.absent)
    versions = results.environment.get("settings", {})
    used = {row.engine: row.version for row in results.rows}
    yield Section(
        "Engines", "How each is set up.", ("engine", "version", "setting"),
        [(name, used[name], setting) for name, setting in versions.items() if name in used],
    )  # fmt: skip


def _introduction(results: Results) -> str:
    machine = results.environment["machine"]
    kernels = ""
    if results.macs_per_us and results.bytes_per_us:
        kernels = (
            f" The floor of a network is the longer of its multiplications at this machine's int8 dot-product rate, "
            f"{results.macs_per_us / 1000:.1f} thousand million a second as one large convolution reaches it, and its "
            f"int8 file copied at {results.bytes_per_us / 1000:.1f} GB/s. Below 1 are engines whose float kernels are "
            f"faster than those dot products."
        )
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {results.environment['date']}. All are timed in turns, in rounds "
        f"of an order drawn anew. A ratio is the median of the rounds' ratios to the same network's int8 file in "
        f"ai-edge-litert, with the 95 % interval of a bootstrap over the rounds; two copies of the same file came to "
        f"within {results.noise:.1%} of 1, and what lies within that is called no difference. Decisions are of the "
        f"first {results.images:,} test images of {results.data}, by the session that is timed; a form that does not "
        f"decide as its network is marked.{kernels}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{row.engine} {row.version}",
        row.precision,
        f"{row.invoke_us:,.1f}",
        str(row.to_ours) if row.to_ours else "1" if (row.engine, row.precision) == (OURS, "int8") else "",
        row.verdict,
        f"{row.to_floor:.1f}" if row.to_floor else "",
        f"{row.classify_us:,.1f}",
        f"{row.accuracy:.1%}",
        f"{row.agreement:.1%}" + ("" if row.same else " (another network)"),
        f"{row.init_ms:,.1f}",
        f"{row.first_ms:,.2f}",
    )


def _starts(results: Results) -> Section:
    rows = [
        (f"{row.engine} {row.version}", f"{row.cold_ms:,.0f}", f"{row.peak_rss_mb:,.0f}" if row.peak_rss_mb else "")
        for row in results.rows
        if row.cold_ms and row.threads == 1
    ]
    text = "From starting Python to the first answer of a network, and the memory of that process then."
    return Section("Cold start", text, ("engine", "ms", "peak memory, MB"), rows)


def _markdown(section: Section) -> str:
    lines = [f"# {section.title}", "", section.text, ""]
    if section.picture:
        lines += [f"![{section.title}]({section.picture.name})", ""]
    if section.rows:
        lines += [f"| {' | '.join(row)} |" for row in (section.head, ["---"] * len(section.head), *section.rows)] + [""]
    return "\n".join(lines)


def _html(section: Section) -> str:
    parts = [f"<h2>{html.escape(section.title)}</h2>", f"<p>{html.escape(section.text)}</p>"]
    if section.picture:
        data = base64.b64encode(section.picture.read_bytes()).decode()
        parts.append(f'<img alt="{html.escape(section.title)}" src="data:image/png;base64,{data}">')
    if section.rows:
        parts.append(f"<table><tr>{_row(section.head, 'th')}</tr>")
        parts += [f"<tr>{_row(row, 'td')}</tr>" for row in section.rows]
        parts.append("</table>")
    return "\n".join(parts)


def _row(cells: Sequence[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
