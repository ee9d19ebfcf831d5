"""The figures of the models that ship: one file, written by `make release` and `make measure`, read by all else."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text

RELEASED = Path(__file__).resolve().parent / "results" / "models.json"


def read_released(path: Path | None = None) -> dict[str, Any]:
    """The figures of each model by its name, as `make release` measures them; none without the file."""
    path = path or RELEASED
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def write_released(figures: dict[str, Any], path: Path | None = None) -> None:
    """Write the figures of all models, smallest first."""
    ordered = dict(sorted(figures.items(), key=lambda item: item[1]["files"]["int8"]["bytes"]))
    write_text(path or RELEASED, json.dumps(ordered, indent=1) + "\n")


def stamped(figures: dict[str, Any], names: Iterable[str], tool: str, stamp: dict[str, Any]) -> dict[str, Any]:
    """The figures, where `tool` has left its stamp (see `tool.stamp`) on the models that it measured."""
    for name in names:
        figures[name].setdefault("stamps", {})[tool] = stamp
    return figures


def file_facts(path: Path) -> dict[str, Any]:
    """A file's size and what tells whether it is still the same: `bytes`, `sha256`."""
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def latency_of(path: Path, name: str, precision: str) -> dict[str, Any] | None:
    """The latency that was measured with this very file: `median_us`, `device`, `runtime`; None where none was."""
    facts = read_released().get(name, {}).get("files", {}).get(precision, {})
    return facts.get("latency") if facts and facts["sha256"] == file_facts(path)["sha256"] else None
