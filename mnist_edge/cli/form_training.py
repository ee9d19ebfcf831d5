"""What a review page trains with: the same as `mnist-edge train MODEL --extra DIR`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_edge.errors import MnistEdgeError

if TYPE_CHECKING:
    from mnist_edge.progress import Progress


@dataclass(frozen=True, slots=True)
class Teach:
    """Teaches a model that ships what was collected.

    Attributes:
        model: Its name.
        collected: The folder of collected digits.
    """

    model: str
    collected: Path

    def __call__(self, report: Progress) -> list[tuple[str, str, str]]:
        """Train into a run folder of its own; returns the rows of the table before and after."""
        from mnist_edge.cli.train import learn_collected
        from mnist_edge.cli.train_report import learned_rows
        from mnist_edge.models.recipe_files import read_recipe
        from mnist_edge.run_folders import RUNS

        recipe, number = read_recipe(self.model), 1
        while (folder := RUNS / f"{recipe.name}-extra-review{number}").exists():
            number += 1
        run = learn_collected(recipe, self.collected, folder, report=report)
        if run.fine_tuning is None:
            raise MnistEdgeError("nothing was taught")
        return learned_rows(run, run.fine_tuning)


def why_not(collected: Path | None) -> str:
    """Return why nothing can be trained from the page; nothing where it can."""
    from mnist_edge.optional_packages import pip_install

    if find_spec("keras") is None:
        return f"Training is not installed here; install it with: {pip_install('train')}"
    return "" if collected else "Start the review with --collect DIR: what is corrected is kept there to learn from"
