"""Writing the figures of the models that ship: each tool measures its part of `results/models.json`."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks import released
from mnist_edge.benchmarks.harness.tool import checkout, stamp
from mnist_edge.benchmarks.release.card import write_cards


def update_released(tool: str, update: Callable[[dict[str, Any]], None]) -> None:
    """Let a tool change the figures of all models, then write them with its stamp, and the cards."""
    checkout()
    figures, measured_at = released.read_released(), stamp()
    update(figures)
    write_released(stamped(figures, figures, tool, measured_at))
    write_cards()


def write_released(figures: dict[str, Any], path: Path | None = None) -> None:
    """Write the figures of all models, smallest first."""
    ordered = dict(sorted(figures.items(), key=lambda item: item[1]["files"]["int8"]["bytes"]))
    write_text(path or released.RELEASED, json.dumps(ordered, indent=1) + "\n")


def stamped(figures: dict[str, Any], names: Iterable[str], tool: str, stamp: dict[str, Any]) -> dict[str, Any]:
    """Return the figures with the stamp of `tool` (see `harness.tool.stamp`) on the models that it measured."""
    for name in names:
        figures[name].setdefault("stamps", {})[tool] = stamp
    return figures
