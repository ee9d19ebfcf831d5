"""Where trainings go when nobody says where."""

from pathlib import Path

from mnist_edge.errors import ModelError

RUNS = Path("runs")


def latest_run(folder: Path = RUNS) -> Path:
    """The run folder below `folder` whose model was written last.

    Raises:
        ModelError: There is none.
    """
    models = sorted(folder.rglob("model.keras"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise ModelError(f"there is no run below {folder}; train one with: mnist-edge train, or name a .keras file")
    return models[-1].parent
