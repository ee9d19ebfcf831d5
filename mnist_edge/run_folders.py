"""Read run folders, where trainings go by default, and what each records in plain JSON."""

import json
from pathlib import Path
from typing import Any

from mnist_edge.errors import ModelError

RUNS = Path("runs")
# The network of the best epoch so far.
RUN_MODEL = "model.keras"
# Written before the first step of a training: recipe, seed, data.
SETTINGS = "settings.json"
# Written at its end: the same settings, and the results.
METRICS = "metrics.json"


def latest_run(folder: Path = RUNS) -> Path:
    """Find the run in `folder` whose model was written last; deeper ones, such as comparisons, do not count.

    Raises:
        ModelError: There is none.
    """
    models = sorted(folder.glob(f"*/{RUN_MODEL}"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise ModelError(f"there is no run in {folder}; train one with: mnist-edge train, or name a .keras file")
    return models[-1].parent


def read_run(folder: Path, names: tuple[str, ...] = (SETTINGS, METRICS)) -> dict[str, Any] | None:
    """Read what a run folder records, of the first of `names` that it holds; None where it is no run folder."""
    for name in names:
        try:
            document = json.loads((folder / name).read_text())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            return document
    return None


def refuse_unfinished(model: Path) -> None:
    """Raise `ModelError` if a model file belongs to a training that goes on or was killed; says how to resume that."""
    folder = model.parent
    if model.name == RUN_MODEL and (folder / SETTINGS).exists() and not (folder / METRICS).exists():
        raise ModelError(
            f"{model} is of a training that has not finished; go on with: mnist-edge train --resume --output {folder}, "
            "or copy that file out of its folder to take the best epoch so far"
        )
