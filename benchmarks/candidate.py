"""One training of a model that is to ship: taken up or carried out, exported, and compared with what was trained."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.converters.convert import Exported, convert
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, OutputError
from mnist_edge.evaluate import load_keras_model
from mnist_edge.models.checkpoint import can_resume, read_state, training_identity
from mnist_edge.models.deployable import write_deployable
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.run import Run, finished_run
from mnist_edge.models.train import train
from mnist_edge.progress import Progress


@dataclass(frozen=True, slots=True)
class Candidate:
    """One seed, ready to ship.

    Attributes:
        run: Its training.
        deployable: The Keras model without what only training needs, in the run's folder.
        int8: Its export, beside it.
        parity: Of the export with the model as trained, on the test images.
    """

    run: Run
    deployable: Path
    int8: Exported
    parity: ParityReport

    @property
    def validation(self) -> tuple[float, float]:
        """Accuracy on the validation images, then the loss with its sign turned: the more the better."""
        kept = self.run.epochs[self.run.kept]
        return kept["val_accuracy"], -kept["val_loss"]

    def to_json(self) -> dict[str, Any]:
        """The seed's row in `models.json`."""
        int8 = self.parity.candidate
        return {
            "seed": self.run.seed,
            "epochs": len(self.run.epochs),
            "kept_epoch": self.run.kept + 1,
            "minutes": round(self.run.seconds / 60, 1),
            "val_accuracy": self.validation[0],
            "val_loss": -self.validation[1],
            "accuracy": self.run.test.accuracy,
            "int8_accuracy": int8.accuracy,
            "int8_correct": int8.correct,
            "disagreements": self.parity.disagreements,
        }


def prepare(run: Run, data: Dataset) -> Candidate:
    """Make of a run what would ship, in its folder, and compare it with what was trained."""
    deployable = run.folder / f"{run.recipe}.keras"
    write_deployable(load_keras_model(run.model), deployable)
    int8 = convert(deployable, "int8", data=data, force=True)
    return Candidate(run, deployable, int8, verify(run.model, int8.path, data.test))


def train_or_take_up(recipe: Recipe, data: Dataset, folder: Path, seed: int, progress: Progress) -> Run:
    """The run in `folder`, if need be trained now, from where it was broken off.

    Raises:
        ModelError: The training was interrupted.
        OutputError: The folder holds a training of another recipe, data or seed.
    """
    finished = finished_run(folder, recipe, data, seed)
    if finished:
        return finished
    resume = can_resume(folder, recipe, data, seed)
    if not resume:
        _refuse_another(folder, training_identity(recipe, data, seed))
    run = train(recipe, data, folder, seed=seed, resume=resume, progress=progress)
    if run.interrupted:
        raise ModelError(f"interrupted during {recipe.name}, seed {seed}; the same command goes on from there")
    return run


def _refuse_another(folder: Path, wanted: dict[str, Any]) -> None:
    """Days of training are not replaced because a recipe has changed since; say what differs."""
    found = _identity(folder)
    if found is None:
        return
    here, there = (one["recipe"] | {"data": one["sha256"], "seed": one["seed"]} for one in (wanted, found))
    differing = [key for key in here | there if here.get(key) != there.get(key)]
    what = f"whose {', '.join(differing)} differ" if differing else "which was interrupted"
    raise OutputError(f"{folder} holds another training, {what}; move it away to train anew")


def _identity(folder: Path) -> dict[str, Any] | None:
    state = read_state(folder)
    if state:
        return dict(state["identity"])
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        return {"recipe": metrics["recipe"], "sha256": metrics["data"]["sha256"], "seed": metrics["seed"]}
    except (OSError, ValueError, KeyError):
        return None
