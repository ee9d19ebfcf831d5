"""Trainings that one command of many goes through, and that the same command takes up where it is started again."""

from pathlib import Path

from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, OutputError
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import can_resume
from mnist_edge.models.run import Run, finished_run
from mnist_edge.models.settings import Settings, read_settings
from mnist_edge.models.train import train
from mnist_edge.progress import Progress, no_progress


def train_or_take_up(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    seed: int,
    *,
    force: bool = False,
    anew: str = "move it away to train anew",
    progress: Progress = no_progress,
) -> Run:
    """The run in `folder`, if need be trained now, from where it was broken off.

    Args:
        recipe: What to train.
        data: What to train it on.
        folder: Its run folder.
        seed: Of the training.
        force: Train anew, whatever is there.
        anew: What a user can do where another training is there, for the message.
        progress: Told the epochs done.

    Raises:
        ModelError: The training was interrupted.
        OutputError: The folder holds a training of another recipe, data or seed; names what differs.
    """
    finished = None if force else finished_run(folder, recipe, data, seed)
    if finished:
        return finished
    resume = not force and can_resume(folder, recipe, data, seed)
    there = read_settings(folder)
    if there and not (resume or force) and (differing := there.differences(Settings.of(recipe, data, seed))):
        # Days of training are not replaced because a recipe has changed since.
        raise OutputError(f"{folder} holds another training: this one has {'; '.join(differing)}; {anew}")
    run = train(recipe, data, folder, seed=seed, force=force, resume=resume, progress=progress)
    if run.interrupted:
        raise ModelError(f"interrupted during {recipe.name}, seed {seed}; the same command goes on from there")
    return run
