"""`mnist-edge benchmark --suite DIR`."""

from __future__ import annotations

from pathlib import Path

from mnist_edge.cli.console import note, print_json, print_notes, print_table, progress


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
    from mnist_edge.benchmarks.suite.networks import DEFAULT_NETWORKS
    from mnist_edge.benchmarks.suite.report import sections
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
    for section in sections(results):
        if section.rows:
            print_table(section.title, section.head, section.rows)
    note(f"wrote {folder / 'report.html'}, report.md, results.json, environment.json and log.txt")
