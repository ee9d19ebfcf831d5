"""`mnist-edge train`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_notes, progress
from mnist_edge.cli.options import Data, Force, Json, complete
from mnist_edge.cli.signals import interrupted_by_signals
from mnist_edge.cli.train_report import show_comparison, show_recipes, show_run
from mnist_edge.errors import UsageError

if TYPE_CHECKING:
    from mnist_edge.dataset import Dataset
    from mnist_edge.models.finder.train import FinderRun
    from mnist_edge.models.fine_tune_origin import Origin
    from mnist_edge.models.recipes import Recipe as TrainedRecipe
    from mnist_edge.models.run import Run
    from mnist_edge.progress import Progress

DEFAULT = "two-conv"
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the recipe's.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", metavar="N", min=1, help="Instead of the recipe's.")]


def _recipes() -> Iterable[str]:
    from mnist_edge.models.recipes import FINDER, RECIPES

    return (*RECIPES, FINDER.name, "all")


Recipe = Annotated[
    str | None,
    typer.Argument(
        metavar="RECIPE",
        autocompletion=complete(_recipes),
        help="A recipe or `all`, which --list shows, or a file of your own: FILE.toml, FILE.py. Default: two-conv.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Same seed, same result. Default: 0.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="DIR", help="Default: runs/RECIPE-seedSEED.")]
Compare = Annotated[
    bool,
    typer.Option(
        "--compare", help="With `all`: export each to int8 too, and plot them side by side, in runs/compare-seedSEED."
    ),
]
Extra = Annotated[
    Path | None,
    typer.Option(
        "--extra",
        metavar="DIR",
        help="Teach a model that ships, or a run, the digits that `camera --collect DIR` kept.",
    ),
]
Start = Annotated[
    Path | None,
    typer.Option("--start", metavar="MODEL", help="Start `finder` from the weights of a trained one, a .keras file."),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on with a training that was broken off, to the same result; without RECIPE, the newest."
    ),
]


def command(
    recipe: Recipe = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    seed: Seed = None,
    output: Output = None,
    compare: Compare = False,
    extra: Extra = None,
    start: Start = None,
    data: Data = None,
    force: Force = False,
    resume: Resume = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes, and end.")] = False,
    json: Json = False,
) -> None:
    """Train a recipe and write a run folder.

    Ctrl-C keeps what there is so far, and --resume goes on from there, with every setting of the run. `train all
    --compare` trains every recipe, taking up those that are finished already. `train small --extra DIR` goes on from
    the model that ships, or with a run's folder in place of `small` from that run, with the digits of your camera; that
    takes minutes. `train finder` draws pages with the digits of --data, and trains what finds digits on them.

    A recipe of your own is a .toml file with settings and layers, or a .py file with a function network(classes) that
    returns a Keras model.

    Example: mnist-edge train two-conv --epochs 5

    Example: mnist-edge train my_net.py --data letters

    Example: mnist-edge train --resume
    """
    if list_recipes:
        show_recipes(json)
        return
    _refuse_usage(recipe, compare, resume, extra, start, force)
    with interrupted_by_signals() as received:
        if compare:
            _compare(epochs, batch_size, seed or 0, output, data, force, json)
            return
        if resume:
            run = _resume(recipe, epochs, batch_size, seed, output, data)
        else:
            run = _train(recipe or DEFAULT, epochs, batch_size, seed or 0, output, extra, start, data, force)
        show_run(run, json)
    if run.interrupted:
        raise typer.Exit(128 + received[0])


def _refuse_usage(
    recipe: str | None, compare: bool, resume: bool, extra: Path | None, start: Path | None, force: bool
) -> None:
    if compare != (recipe == "all"):
        raise UsageError("`all` and --compare go together: mnist-edge train all --compare")
    if resume and (compare or extra or start or force):
        other = "--compare" if compare else "--extra" if extra else "--start" if start else "--force"
        raise UsageError(f"--resume goes on with one training that was broken off; leave {other} out")
    if extra and recipe == "finder":
        raise UsageError("--extra teaches a classifier; leave it out, or train another recipe")
    if start and recipe != "finder":
        raise UsageError("--start is for the finder: mnist-edge train finder --start MODEL")
    if extra and compare:
        raise UsageError("--extra starts from a model that ships; leave --compare out")


def _train(
    name: str,
    epochs: int | None,
    batch_size: int | None,
    seed: int,
    output: Path | None,
    extra: Path | None,
    start: Path | None,
    data: Path | None,
    force: bool,
) -> Run | FinderRun:
    from mnist_edge.dataset import load
    from mnist_edge.locks import exclusive
    from mnist_edge.models.fine_tune_origin import origin_of
    from mnist_edge.models.recipe_files import read_recipe
    from mnist_edge.models.resume import prepare_folder
    from mnist_edge.run_folders import RUNS
    from mnist_edge.training_stack import load_keras

    origin = origin_of(name) if extra else None
    recipe = (origin.recipe if origin else read_recipe(name)).with_overrides(epochs, batch_size)
    folder = output or RUNS / f"{recipe.name}{'-extra' if extra else ''}-seed{seed}"
    if folder.is_dir() and not force:
        with exclusive(folder):
            prepare_folder(folder, force)
    with progress(recipe.name) as report:
        # Missing packages should be reported before MNIST is downloaded.
        load_keras()
        if origin and extra:
            return learn_collected(
                recipe, extra, folder, origin=origin, report=report, data=data, seed=seed, force=force
            )
        found = _noted(load(data, fallback=True, progress=report))
        return _carry_out(recipe, found, folder, seed, report, start, force=force)


def learn_collected(
    recipe: TrainedRecipe,
    extra: Path,
    folder: Path,
    *,
    report: Progress,
    origin: Origin | None = None,
    data: Path | None = None,
    seed: int = 0,
    force: bool = False,
) -> Run:
    """Teach a network, or else the one of the recipe that ships, the digits of a folder.

    A recipe that is not for that yet is made so.
    """
    from mnist_edge.models.collected import read_collected
    from mnist_edge.models.fine_tune import fine_tune
    from mnist_edge.models.fine_tune_origin import Origin, fine_tuning_recipe, shipped_weights
    from mnist_edge.provenance import load_for
    from mnist_edge.training_stack import load_keras

    if recipe.monitor != "extra":
        recipe = fine_tuning_recipe(recipe)
    load_keras()
    origin = origin or Origin(recipe, shipped_weights(recipe))
    collected = read_collected(extra, origin.classes)
    found = _noted(load_for(origin.weights, data=data, progress=report))
    return fine_tune(recipe, found, collected, folder, weights=origin.weights, seed=seed, force=force, progress=report)


def _resume(
    recipe: str | None,
    epochs: int | None,
    batch_size: int | None,
    seed: int | None,
    output: Path | None,
    data: Path | None,
) -> Run | FinderRun:
    from mnist_edge.dataset import load
    from mnist_edge.models.recipe_files import read_recipe
    from mnist_edge.models.resume import newest_unfinished, unfinished_settings
    from mnist_edge.provenance import Provenance, find
    from mnist_edge.training_stack import load_keras

    recipe = recipe and read_recipe(recipe).name
    folder = output or newest_unfinished(recipe, seed)
    settings = unfinished_settings(folder)
    there = settings.recipe
    flags = (
        ("RECIPE", recipe, there.name),
        ("--epochs", epochs, there.epochs),
        ("--batch-size", batch_size, there.batch_size),
        ("--seed", seed, settings.seed),
    )
    wrong = [f"{flag} {given} contradicts the run's {own}" for flag, given, own in flags if given not in (None, own)]
    if wrong:
        raise UsageError(f"{' and '.join(wrong)}, in {folder}; leave {'it' if len(wrong) == 1 else 'them'} out")
    with progress(there.name) as report:
        found = load(data, progress=report) if data else find(str(folder), settings.data, report)
        if Provenance.of(found) != settings.data:
            raise UsageError(f"--data {data} contradicts the run's {settings.data.name}, in {folder}; leave it out")
        load_keras()
        _noted(found)
        return _carry_out(there, found, folder, settings.seed, report, settings.start, resume=True)


def _carry_out(
    recipe: TrainedRecipe,
    data: Dataset,
    folder: Path,
    seed: int,
    report: Progress,
    start: Path | None,
    **how: bool,
) -> Run | FinderRun:
    """Train a classifier or the finder; `how` is to resume or to force."""
    from mnist_edge.classes import DIGITS, shown
    from mnist_edge.models.finder.pool import PageSource
    from mnist_edge.models.finder.train import train_finder
    from mnist_edge.models.recipes import FINDER
    from mnist_edge.models.train import train

    if recipe.name != FINDER.name:
        return train(recipe, data, folder, seed=seed, progress=report, **how)
    if not set(data.classes) <= set(DIGITS):
        raise UsageError(f"a finder is trained with digits, but {data.name} has {shown(data.classes)}")
    source = PageSource(data, seed)
    print_notes(source.notes())
    return train_finder(source, folder, recipe=recipe, start=start, progress=report, **how)


def _compare(
    epochs: int | None,
    batch_size: int | None,
    seed: int,
    output: Path | None,
    data: Path | None,
    force: bool,
    json: bool,
) -> None:
    from mnist_edge.benchmarks.recipes import compare_recipes
    from mnist_edge.dataset import load
    from mnist_edge.models.recipes import CLASSIC
    from mnist_edge.run_folders import RUNS
    from mnist_edge.training_stack import load_keras

    folder = output or RUNS / f"compare-seed{seed}"
    with progress("all") as report:
        load_keras()
        found = _noted(load(data, fallback=True, progress=report))
        results = compare_recipes(
            CLASSIC, found, folder, seeds=(seed,), epochs=epochs, batch_size=batch_size, force=force, progress=report
        )  # fmt: skip
    if json:
        print_json([result.to_json() for result in results])
    else:
        show_comparison(results, found.name, folder)


def _noted(data: Dataset) -> Dataset:
    print_notes(data.notes)
    return data
