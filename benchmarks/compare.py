"""Two files of `benchmark`, such as of two computers, side by side."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.benchmark import Measurement
from mnist_edge.errors import DataError, UsageError
from mnist_edge.untrusted import errors_as

# A label, the keys of the figure in the JSON of `benchmark`, and its format.
FIGURES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("invoke, median us", ("invoke_us", "median"), ",.1f"),
    ("invoke, p99 us", ("invoke_us", "p99"), ",.1f"),
    ("ink to digit, median us", ("end_to_end_us", "median"), ",.1f"),
    ("init, ms", ("init_ms",), ",.2f"),
    ("peak memory, MB", ("peak_rss_mb",), ",.1f"),
    ("file, bytes", ("size_bytes",), ",.0f"),
)
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of one model in both files.

    Attributes:
        model: Its file without the suffix, and its threads where there are several.
        figure: What was measured.
        first: In the first file, as text.
        second: In the second.
        ratio: The second to the first; None where the first is 0.
    """

    model: str
    figure: str
    first: str
    second: str
    ratio: float | None


def make_report(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return what `benchmark --report` writes: figures and computer, without paths and names of its owner."""
    from mnist_edge import __version__

    return {
        "mnist_edge": __version__,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "measurements": [{**one.to_json(), "file": one.file.name} for one in measurements],
    }


def read_measurements(path: Path) -> list[Document]:
    """Return what `benchmark --report` or `benchmark --json` has written.

    Raises:
        DataError: The file cannot be read, or is none of these.
    """
    advice = "compare takes two files of: mnist-edge benchmark --report FILE"
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; {advice}") from None
    with errors_as(DataError, str(path), advice):
        found = json.loads(text)
    rows = found.get("measurements") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows or not all(map(_is_measurement, rows)):
        raise DataError(f"{path} has no measurements; {advice}")
    return rows


def _is_measurement(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("device"), dict):
        return False
    return isinstance(row.get("file"), str) and isinstance(row.get("runtime"), str)


def compare(first: Sequence[Document], second: Sequence[Document]) -> list[Compared]:
    """Return every figure of the models that are in both.

    Raises:
        UsageError: No model is in both.
    """
    others = {_name(row): row for row in second}
    pairs = [(_name(row), row, others[_name(row)]) for row in first if _name(row) in others]
    if not pairs:
        names = (", ".join(map(_name, rows)) for rows in (first, second))
        raise UsageError(f"no model is in both files: the first has {next(names)}, the second {next(names)}")
    compared = []
    for name, one, other in pairs:
        for label, keys, form in FIGURES:
            a, b = _figure(one, keys), _figure(other, keys)
            if a is not None and b is not None:
                compared.append(Compared(name, label, format(a, form), format(b, form), b / a if a else None))
    return compared


def describe(path: Path, rows: Sequence[Document]) -> str:
    """Return where a file was measured, in one line."""
    device = rows[0]["device"]
    where = device.get("board") or device.get("cpu") or "an unknown computer"
    memory = f"{device['memory_mb'] / 1000:.0f} GB" if isinstance(device.get("memory_mb"), int | float) else ""
    heat = f"{device['temperature_c']:.0f} degrees C" if isinstance(device.get("temperature_c"), int | float) else ""
    slow = ", ".join(map(str, device.get("throttling") or ()))
    governor = f"governor {device['governor']}" if device.get("governor") else ""
    parts = (where, memory, device.get("system"), rows[0]["runtime"], governor, heat, slow)
    return f"{path.name}: {', '.join(str(part) for part in parts if part)}"


def _name(row: Document) -> str:
    threads = row.get("threads", 1)
    return Path(row["file"]).stem + (f", {threads} threads" if threads != 1 else "")


def _figure(row: Document, keys: Sequence[str]) -> Any:
    found: Any = row
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
