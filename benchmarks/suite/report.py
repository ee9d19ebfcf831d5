"""A session as Markdown and as one HTML page: what its folder holds, the same tables, and pictures in the latter."""

import json
from collections.abc import Iterator
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.suite.network_report import network_sections
from mnist_edge.benchmarks.suite.picture_report import picture_sections
from mnist_edge.benchmarks.suite.picture_results import PictureResults
from mnist_edge.benchmarks.suite.results import Results
from mnist_edge.benchmarks.suite.section import Section

TITLE = "Benchmark suite"
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "div{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "td{white-space:nowrap}td:last-child{white-space:normal}"
    "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}img{max-width:100%}"
)
HEAD = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{TITLE}</title>'
# What a session may hold, by the file that its part writes.
NETWORKS, READING = "results.json", "reading.json"


def write_reports(folder: Path) -> None:
    """Write `report.md`, `report.html` and the pictures of a session, of the parts that it has."""
    parts = list(_sections(folder))
    write_text(folder / "report.md", "\n".join(part.markdown() for part in parts))
    body = "\n".join(part.html() for part in parts)
    page = f'<!doctype html>\n<html lang="en">{HEAD}<style>{STYLE}</style>\n<h1>{TITLE}</h1>\n{body}\n</html>\n'
    write_text(folder / "report.html", page)


def _sections(folder: Path) -> Iterator[Section]:
    if (folder / NETWORKS).exists():
        yield from network_sections(Results.from_json(json.loads((folder / NETWORKS).read_text())), folder)
    if (folder / READING).exists():
        yield from picture_sections(PictureResults.from_json(json.loads((folder / READING).read_text())), folder)
