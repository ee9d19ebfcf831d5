"""The measured files in `benchmarks/results`, read."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"


def measured(name: str) -> Any:
    """Return what is in `NAME.json`, plain JSON types."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def is_measured(name: str) -> bool:
    """Return whether there is a `NAME.json`."""
    return (RESULTS / f"{name}.json").is_file()


def read_instructions() -> dict[str, dict[str, int]]:
    """Return the instructions per invoke by processor and model, as far as they were counted."""
    invokes = measured("instructions")["invoke"] if is_measured("instructions") else {}
    # By the runtime that is maintained.
    return dict(invokes.get("bookworm", {}))
