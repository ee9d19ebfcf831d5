"""Every recipe trained, exported to int8 and verified, side by side: `mnist-edge train all --compare`."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.converters.convert import convert
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, OutputError
from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.models.recipes import Recipe, find_recipe
from mnist_edge.models.resume import can_resume
from mnist_edge.models.run import Run, finished_run
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.models.train import train
from mnist_edge.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class Trained:
    """One recipe trained with one seed, float and int8.

    Attributes:
        seed: Seed of the training.
        epochs: Number of epochs before validation stopped improving.
        kept_epoch: The epoch whose weights were kept, from 1.
        seconds: Wall-clock time of the training.
        accuracy: Accuracy of the Keras model on the test images, 0 to 1.
        loss: Mean cross-entropy there, nats.
        int8_accuracy: Accuracy of the int8 file on the same images, 0 to 1.
        agreement: Share of test images to which both give the same digit.
    """

    seed: int
    epochs: int
    kept_epoch: int
    seconds: float
    accuracy: float
    loss: float
    int8_accuracy: float
    agreement: float


@dataclass(frozen=True, slots=True)
class RecipeResult:
    """A recipe with its runs.

    Attributes:
        recipe: Name of the recipe.
        summary: Its architecture in words.
        parameters: Number of weights.
        macs: Multiply-accumulates for one image.
        int8_bytes: Size of the int8 file.
        published_percent: Accuracy that others report for it, None for our own.
        runs: One a seed.
    """

    recipe: str
    summary: str
    parameters: int
    macs: int
    int8_bytes: int
    published_percent: float | None
    runs: tuple[Trained, ...]

    def mean_of(self, figure: str) -> float:
        """Return the mean of a figure of `Trained` over the seeds."""
        return float(mean(getattr(run, figure) for run in self.runs))

    def to_json(self) -> dict[str, Any]:
        """Return the recipe's entry in `recipes.json`."""
        return asdict(self)


def compare_recipes(
    names: Iterable[str],
    data: Dataset,
    folder: Path,
    *,
    seeds: Sequence[int] = (0,),
    epochs: int | None = None,
    batch_size: int | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> list[RecipeResult]:
    """Train recipes, or resume their runs, export each to int8 and compare.

    Args:
        names: Names of recipes.
        data: The data, the same for all.
        folder: Holds one run folder and one int8 file a recipe and seed, and `recipes.json` and `recipes.png`.
        seeds: The seeds that each is trained with.
        epochs: Instead of each recipe's own.
        batch_size: Instead of each recipe's own.
        force: Train from the start what is there.
        progress: Receives the progress of each training.

    Returns:
        One result a recipe, in the order of `names`.

    Raises:
        ModelError: A training was interrupted.
        OutputError: A run folder holds a training with other settings, which only `force` replaces.
    """
    results = []
    for name in names:
        recipe = find_recipe(name).with_overrides(epochs, batch_size)
        runs = [_run(recipe, data, folder / f"{name}-seed{seed}", seed, force, progress) for seed in seeds]
        results.append(_result(recipe, runs, data))
    write_text(folder / "recipes.json", json.dumps(comparison(results, data), indent=2) + "\n")
    plot_recipes(results, folder / "recipes.png")
    return results


def _run(recipe: Recipe, data: Dataset, folder: Path, seed: int, force: bool, progress: Progress) -> Run:
    def named(done: float, total: float, note: str = "") -> None:
        progress(done, total, f"{recipe.name}, seed {seed}: {note}")

    advice = "choose another --output, or add --force to train anew"
    return train_or_resume(recipe, data, folder, seed, force=force, advice=advice, progress=named)


def train_or_resume(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    seed: int,
    *,
    force: bool = False,
    advice: str = "move it away to train anew",
    progress: Progress = no_progress,
) -> Run:
    """Return the run in `folder`; it is trained now where it is not finished, from where it was interrupted.

    Args:
        recipe: The recipe to train.
        data: The data to train it on.
        folder: The run folder.
        seed: The seed of the training.
        force: Train from the start, whatever is there.
        advice: For the error message: how a user can train although the folder holds another training.
        progress: Receives the number of epochs done.

    Raises:
        ModelError: The training was interrupted.
        OutputError: The folder holds a training with another recipe, data or seed; the message names the differences.
    """
    finished = None if force else finished_run(folder, recipe, data, seed)
    if finished:
        return finished
    resume = not force and can_resume(folder, recipe, data, seed)
    there = read_settings(folder)
    if there and not (resume or force) and (differing := there.differences(RunSettings.of(recipe, data, seed))):
        # Days of training are not replaced because a recipe has changed since.
        raise OutputError(f"{folder} holds another training: this one has {'; '.join(differing)}; {advice}")
    run = train(recipe, data, folder, seed=seed, force=force, resume=resume, progress=progress)
    if run.interrupted:
        raise ModelError(f"interrupted during {recipe.name}, seed {seed}; the same command goes on from there")
    return run


def _result(recipe: Recipe, runs: list[Run], data: Dataset) -> RecipeResult:
    trained = []
    for run in runs:
        # Beside the run folder: one inside may be a user's own, where the runs are. How far it agrees is a figure here,
        # and no reason to end a comparison of hours.
        int8 = run.folder.with_name(f"{run.folder.name}.int8.tflite")
        exported = convert(run.folder, "int8", data=data, output=int8, force=True, keep=True)
        parity = verify(run.folder, exported.path, data.test, classes=data.classes)
        figures = parity.to_json()
        trained.append(
            Trained(
                seed=run.seed,
                epochs=len(run.epochs),
                kept_epoch=run.kept + 1,
                seconds=run.seconds,
                accuracy=run.test.accuracy,
                loss=run.test.loss,
                int8_accuracy=figures["candidate"]["accuracy"],
                agreement=figures["agreement"],
            )
        )
    return RecipeResult(
        recipe=recipe.name,
        summary=recipe.summary,
        parameters=runs[0].parameters,
        macs=exported.macs,
        int8_bytes=exported.size_bytes,
        published_percent=recipe.published.accuracy_percent if recipe.published else None,
        runs=tuple(trained),
    )


def comparison(results: list[RecipeResult], data: Dataset) -> dict[str, Any]:
    """Return the document of `recipes.json`."""
    test = {"data": data.name, "sha256": data.sha256, "test_images": len(data.test)}
    return {**test, "recipes": [result.to_json() for result in results]}


def plot_recipes(results: Sequence[RecipeResult], path: Path) -> None:
    """Draw accuracy, loss, size and arithmetic of the recipes as bars beside each other."""
    figure, axes = new_figure(13, 0.5 * len(results) + 1.5, columns=4)
    names = [result.recipe for result in results][::-1]
    panels: tuple[tuple[str, Callable[[RecipeResult], float]], ...] = (
        ("test error, %", lambda r: 100 * (1 - r.mean_of("accuracy"))),
        ("test loss", lambda r: r.mean_of("loss")),
        ("int8 file, kB", lambda r: r.int8_bytes / 1000),
        ("million MACs", lambda r: r.macs / 1e6),
    )
    for axis, (title, figure_of) in zip(axes, panels, strict=True):
        values = [figure_of(result) for result in results][::-1]
        bars = axis.barh(names, values, color="tab:blue")
        axis.bar_label(bars, fmt="%.3g", padding=3)
        axis.set(title=title)
        axis.margins(x=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[1:]:
        axis.set_yticklabels([])
    save_figure(figure, path)
