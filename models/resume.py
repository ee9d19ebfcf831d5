"""Run folders before a training: whether it may start there, and how an interrupted training is resumed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_edge.atomic_files import refuse_overwrite
from mnist_edge.dataset import Dataset
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.locks import exclusive
from mnist_edge.models.checkpoint import STATE, read_state
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.run_folders import METRICS, RUN_MODEL, RUNS, SETTINGS

# In the order in which --force deletes them: at no moment do they look like a run that they are not.
RUN_FILES = (STATE, RUN_MODEL, METRICS, "curves.png", "confusion.png", SETTINGS)


def is_finished(folder: Path) -> bool:
    """Whether the training in a run folder came to its end, or to one from which it cannot go on."""
    return (folder / METRICS).exists() and (folder / RUN_MODEL).exists() and not (folder / STATE).exists()


@contextmanager
def training_in(folder: Path, settings: RunSettings, *, force: bool = False, resume: bool = False) -> Iterator[None]:
    """Lock a run folder for one training, and write its settings into it before anything else.

    Args:
        folder: The run folder; it is made.
        settings: Of the training.
        force: As for `prepare_folder`.
        resume: Continue the interrupted training there.

    Raises:
        OutputError: Another process trains there; or as `prepare_folder`.
        UsageError: There is nothing to resume, or it was started with other settings.
    """
    if resume:
        refuse_other_settings(folder, settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder):
        if resume:
            # Its model is about to be replaced: the figures of the one before must not outlive it.
            (folder / METRICS).unlink(missing_ok=True)
        else:
            prepare_folder(folder, force)
            settings.write(folder)
        yield


def prepare_folder(folder: Path, force: bool) -> None:
    """Prepare a folder for a training; nothing of another is replaced without `force`.

    A training that was interrupted in its first epoch has left only its settings, and may be replaced.

    Args:
        folder: The run folder to be.
        force: Delete the run that is there, so that none of its files is left beside the new settings.

    Raises:
        OutputError: There is a run, finished or interrupted, or a file that would be replaced.
    """
    if force:
        for name in RUN_FILES:
            (folder / name).unlink(missing_ok=True)
        return
    started = read_settings(folder)
    if started and not started.extra and (folder / RUN_MODEL).exists() and not is_finished(folder):
        rows = (read_state(folder) or {}).get("rows", [])
        after = f"after epoch {len(rows)}" if rows else "in its first epoch"
        raise OutputError(
            f"{folder} holds a training that was broken off {after}; "
            "add --resume to go on with it, or --force to start anew"
        )
    for name in RUN_FILES:
        if name != SETTINGS or not started:
            refuse_overwrite(folder / name, force)


def unfinished_settings(folder: Path) -> RunSettings:
    """Read the settings of the interrupted training in a folder.

    Raises:
        UsageError: There is none, it is finished, or it cannot be resumed; the message names the remedy.
    """
    settings = read_settings(folder)
    if settings is None:
        raise UsageError(f"{folder} holds no unfinished training to resume; start it without --resume")
    if is_finished(folder):
        raise UsageError(f"the training in {folder} is finished; leave --resume out, and add --force to train it anew")
    if settings.recipe.monitor == "extra":
        raise UsageError(f"{folder} was taught collected digits, which takes minutes: start it anew with --force")
    if (folder / STATE).exists() and read_state(folder) is None:
        raise UsageError(f"{folder / STATE} is damaged, so there is nothing to resume; start anew with --force")
    return settings


def refuse_other_settings(folder: Path, wanted: RunSettings) -> None:
    """Make sure that the unfinished training in a folder has the settings that are wanted.

    Raises:
        UsageError: It has others; names what differs.
    """
    found = unfinished_settings(folder)
    differing = found.differences(wanted)
    if found.backend != wanted.backend:
        differing.append(f"KERAS_BACKEND {wanted.backend}, not {found.backend}")
    if differing:
        raise UsageError(f"the training in {folder} was started otherwise; this one has {'; '.join(differing)}")


def can_resume(folder: Path, recipe: Recipe, data: Dataset, seed: int) -> bool:
    """Whether a folder holds an unfinished training of this recipe, data and seed."""
    try:
        return unfinished_settings(folder) == RunSettings.of(recipe, data, seed)
    except UsageError:
        return False


def newest_unfinished(recipe: str | None = None, seed: int | None = None, runs: Path = RUNS) -> Path:
    """The run folder in `runs` of a recipe and a seed, where they are given, that was interrupted last.

    Raises:
        UsageError: There is none, or all are finished.
    """
    pattern = f"{recipe or '*'}-seed{'*' if seed is None else seed}"
    found = [path.parent for path in runs.glob(f"{pattern}/{SETTINGS}")]
    unfinished = [folder for folder in found if not is_finished(folder)]
    if unfinished:
        return max(unfinished, key=_last_written)
    if found:
        raise UsageError(f"the training in {max(found, key=_last_written)} is finished: there is nothing to resume")
    raise UsageError(f"there is no training {runs / pattern} to resume; leave --resume out, or name its --output")


def _last_written(folder: Path) -> int:
    return max(path.stat().st_mtime_ns for path in folder.iterdir())
