"""`mnist-edge benchmark --suite DIR`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_edge.cli.console import note, print_json, print_notes, print_table, progress

if TYPE_CHECKING:
    from mnist_edge.benchmarks.suite.section import Section


def run_suite_command(
    folder: Path,
    models: list[str] | None,
    threads: int | None,
    runs: int | None,
    pythons: list[Path],
    data: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Measure everything in every engine, and print what is compared with our int8 files."""
    from mnist_edge import native_stderr
    from mnist_edge.benchmarks.suite.network_report import network_sections
    from mnist_edge.benchmarks.suite.networks import DEFAULT_NETWORKS
    from mnist_edge.benchmarks.suite.session import ROUNDS, SAMPLES, Plan, run_suite
    from mnist_edge.dataset import load

    plan = Plan(
        networks=models or DEFAULT_NETWORKS,
        threads=[threads] if threads else [],
        rounds=max(2, runs // SAMPLES) if runs else ROUNDS,
        pythons=pythons,
    )
    with progress("benchmark") as report, native_stderr.silenced():
        found = load(data, fallback=True, progress=report)
        results = run_suite(folder, found, plan, force=force, progress=report)
    print_notes(found.notes)
    if json:
        print_json(results.to_json())
        return
    _print_sections(network_sections(results))
    note(f"wrote {folder / 'report.html'}, report.md, results.json, environment.json and log.txt")


def read_pictures_command(
    folder: Path,
    pages: int | None,
    photos: Path | None,
    pythons: list[Path],
    data: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Have everything read the same labelled pictures, and print how well and how fast beside our reader."""
    from mnist_edge import native_stderr
    from mnist_edge.benchmarks.suite.picture_report import picture_sections
    from mnist_edge.benchmarks.suite.picture_session import PAGES, PicturePlan, run_pictures
    from mnist_edge.dataset import load

    plan = PicturePlan(pages=PAGES if pages is None else pages, photos=photos, pythons=pythons)
    with progress("benchmark") as report, native_stderr.silenced():
        found = load(data, fallback=True, progress=report)
        results = run_pictures(folder, found, plan, force=force, progress=report)
    print_notes(found.notes)
    if json:
        print_json(results.to_json())
        return
    _print_sections(picture_sections(results))
    note(f"wrote {folder / 'report.html'}, report.md, reading.json, reading.jsonl and log.txt")


def _print_sections(sections: Iterable[Section]) -> None:
    for section in sections:
        if section.rows:
            print_table(section.title, section.head, section.rows)
