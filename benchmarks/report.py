"""Measurements as a table for people and as CSV."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.benchmark import Measurement

# The rows of the table: a label, the figure, and its format.
ROWS: tuple[tuple[str, Callable[[Measurement], float | None], str], ...] = (
    ("invoke, median us", lambda m: m.invoke_us.median, ".1f"),
    ("invoke, min us", lambda m: m.invoke_us.min, ".1f"),
    ("invoke, p90 us", lambda m: m.invoke_us.p90, ".1f"),
    ("invoke, p99 us", lambda m: m.invoke_us.p99, ".1f"),
    ("28x28 image to digit, median us", lambda m: m.classify_us.median, ".1f"),
    ("ink to digit, median us", lambda m: m.end_to_end_us.median, ".1f"),
    ("init, ms", lambda m: m.init_ms, ".2f"),
    ("first invoke, ms", lambda m: m.first_ms, ".3f"),
    ("file, bytes", lambda m: m.size_bytes, ",d"),
    ("peak memory, MB", lambda m: m.peak_rss_mb, ".1f"),
    ("of it Python and runtime, MB", lambda m: m.runtime_rss_mb, ".1f"),
    ("multiply-accumulates", lambda m: m.macs, ",d"),
)


def table_rows(measurements: Sequence[Measurement]) -> list[tuple[str, ...]]:
    """Return one row a figure, one column a model, each with its ratio to the first."""
    rows = [
        (label, *_cells([figure(m) for m in measurements], form))
        for label, figure, form in ROWS
        if any(figure(m) is not None for m in measurements)
    ]
    if measurements[0].accuracy is not None:
        rows.append(("accuracy", *(f"{m.accuracy:.2%} of {m.images:,}" for m in measurements)))
    return rows


def titles(files: Sequence[Path]) -> list[str]:
    """Return a short title of each model: the stem of its file, or the path where two have that stem."""
    stems = [file.stem for file in files]
    return [file.stem if stems.count(file.stem) == 1 else str(file) for file in files]


def threads_text(threads: int) -> str:
    """Return a number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def caption(measurements: Sequence[Measurement]) -> str:
    """Return the device, the runtime and the settings of the measurements, in one line."""
    first = measurements[0]
    device = first.device
    where = f"{device.cpu}, {device.cores} cores" + (f", governor {device.governor}" if device.governor else "")
    runtimes = ", ".join(dict.fromkeys(m.runtime for m in measurements))
    return f"{runtimes}, {threads_text(first.threads)}, batch 1, {first.invoke_us.samples} samples, on {where}"


def batches_note(measurements: Sequence[Measurement]) -> str | None:
    """Return a note for where one sample is several invokes; None where none is."""
    counts = {m.invoke_us.per_sample for m in measurements}
    if counts == {1}:
        return None
    spread = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return (
        f"an invoke is too short for the clock: each sample is the mean of {spread} in a row, and so are the quantiles"
    )


def write_csv(measurements: Sequence[Measurement], path: Path) -> None:
    """Write one line a model; nested figures become columns such as `invoke_us_median`."""
    rows = [_flat(m.to_json()) for m in measurements]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _cells(figures: Sequence[float | None], form: str) -> list[str]:
    first = figures[0]
    return [
        "-" if figure is None else format(figure, form) + (f"  ({figure / first:.2f}x)" if index and first else "")
        for index, figure in enumerate(figures)
    ]


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}_")
        else:
            flat[prefix + key] = " ".join(value) if isinstance(value, list) else value
    return flat
