"""`mnist-edge benchmark --profile FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_edge.cli.console import note, print_json, print_table, progress
from mnist_edge.errors import UsageError

if TYPE_CHECKING:
    from mnist_edge.benchmarks.profiling import Part


def profile_command(
    picture: Path, model: str, runtime: str | None, threads: int, force: bool, json: bool
) -> None:  # fmt: skip
    """Print where the time of a model and of the reader goes, and draw it."""
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.benchmarks.profiling import plot_parts, profile_operators, profile_reader, sample_frames
    from mnist_edge.camera.reader import Reader

    if picture.suffix != ".png":
        raise UsageError(f"the picture is a PNG; let {picture} end in .png")
    refuse_overwrite(picture, force)
    with progress("profile") as report:
        operators = profile_operators(model, runtime, threads, report)
        reader = Reader(model, runtime=runtime, threads=threads)
        stages = profile_reader(reader, sample_frames(), report)
    panels = {f"operators of {reader.model}": operators, "stages of the reader, a page of ten digits": stages}
    plot_parts(panels, picture)
    if json:
        print_json({"operators": [asdict(part) for part in operators], "stages": [asdict(part) for part in stages]})
    else:
        for title, parts in panels.items():
            print_table(title, ("", "output", "us", "share", "million MACs", "thousand MACs a us"), _rows(parts))
    note(f"wrote {picture}")


def _rows(parts: Sequence[Part]) -> list[tuple[str, ...]]:
    whole = sum(part.us for part in parts) or 1.0
    return [
        (
            part.name,
            part.what,
            f"{part.us:,.1f}",
            f"{part.us / whole:.1%}",
            f"{part.macs / 1e6:.3f}" if part.macs else "",
            f"{part.macs / part.us / 1000:.1f}" if part.macs and part.us > 0 else "",
        )
        for part in parts
    ]
