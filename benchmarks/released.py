"""The figures of the models that ship: one file, which the tools of `release/` write and all else reads."""

import hashlib
import json
from pathlib import Path
from typing import Any

RELEASED = Path(__file__).resolve().parent / "results" / "models.json"


def read_released(path: Path | None = None) -> dict[str, Any]:
    """Return the figures of each model by its name; none where there is no file."""
    path = path or RELEASED
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def file_facts(path: Path) -> dict[str, Any]:
    """Return a file's size and what shows whether it is still the same: `bytes`, `sha256`."""
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def latency_of(path: Path, name: str, precision: str) -> dict[str, Any] | None:
    """Return the latency that was measured with this very file (`median_us`, `device`, `runtime`), if any was."""
    facts = read_released().get(name, {}).get("files", {}).get(precision, {})
    return facts.get("latency") if facts and facts["sha256"] == file_facts(path)["sha256"] else None
