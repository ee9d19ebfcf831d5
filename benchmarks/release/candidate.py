"""One training of a model that is to ship: exported, and compared with what was trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.converters.convert import Exported, convert
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset
from mnist_edge.evaluate import load_keras_model
from mnist_edge.models.deployable import write_deployable
from mnist_edge.models.run import Run


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
