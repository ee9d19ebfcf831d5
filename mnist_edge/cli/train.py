"""`mnist-edge train`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.options import Data, Force, Json, Seed, complete

if TYPE_CHECKING:
    from mnist_edge.benchmarks.recipes import RecipeResult
    from mnist_edge.dataset import Dataset
    from mnist_edge.models.run import FineTuning, Run
    from mnist_edge.progress import Progress

Epochs = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the recipe's.", show_default=False)
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", metavar="N", min=1, help="Instead of the recipe's.", show_default=False)
]


def _recipes() -> Iterable[str]:
    from mnist_edge.models.recipes import RECIPES

    return (*RECIPES, "all")


def command(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", autocompletion=complete(_recipes), help="A recipe, or `all`; --list shows them."
        ),
    ] = "two-conv",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Default: runs/RECIPE-seedSEED.", show_default=False),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="With `all`: export each to int8 too, and plot them side by side.")
    ] = False,
    extra: Annotated[
        Path | None,
        typer.Option(
            "--extra",
            metavar="DIR",
            help="Teach a model that ships the digits that `camera --collect DIR` kept.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    force: Force = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a training that was broken off, to the same result.")
    ] = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes, and end.")] = False,
    json: Json = False,
) -> None:
    """Train a recipe and write a run folder.

    Ctrl-C keeps what there is so far, and --resume goes on from there.

    `train all --compare` trains every recipe, taking up those that are finished already. `train small --extra DIR` goes
    on from the model that ships, with the digits of your camera; that takes minutes.

    Example: mnist-edge train two-conv --epochs 5
    """
    if list_recipes:
        _list(json)
        return
    from mnist_edge.cli.console import note, progress
    from mnist_edge.dataset import load
    from mnist_edge.errors import UsageError
    from mnist_edge.models.extra import read_extra
    from mnist_edge.models.fine_tune import fine_tune, recipe_for_extra
    from mnist_edge.models.recipes import find_recipe
    from mnist_edge.models.train import train
    from mnist_edge.runs import RUNS
    from mnist_edge.training_stack import load_keras

    if compare != (recipe == "all"):
        raise UsageError("`all` and --compare go together: mnist-edge train all --compare")
    if compare and resume:
        raise UsageError("--compare goes on with what is unfinished by itself; leave --resume out")
    if extra and (compare or resume):
        raise UsageError("--extra starts from a model that ships; leave --compare and --resume out")
    chosen = None if compare else find_recipe(recipe)
    if chosen:
        chosen = (recipe_for_extra(chosen) if extra else chosen).with_overrides(epochs, batch_size)
    with progress(recipe) as report:
        # Whoever lacks the packages should not download MNIST first.
        load_keras()
        collected = read_extra(extra) if extra else None
        found = load(data, fallback=extra is None, progress=report)
        for line in found.notes:
            note(f"note: {line}")
        if chosen is None:
            _all(found, output or RUNS, seed, epochs, batch_size, force, report, json)
            return
        folder = output or RUNS / f"{recipe}{'-extra' if extra else ''}-seed{seed}"
        if collected:
            run = fine_tune(chosen, found, collected, folder, seed=seed, force=force, progress=report)
        else:
            run = train(chosen, found, folder, seed=seed, force=force, resume=resume, progress=report)
    _show(run, json)
    if run.interrupted:
        raise typer.Exit(130)


def _list(json: bool) -> None:
    from dataclasses import asdict

    from mnist_edge.cli.console import print_json, print_table
    from mnist_edge.models.recipes import RECIPES

    if json:
        print_json([asdict(recipe) for recipe in RECIPES.values()])
        return
    rows = [
        (one.name, one.epochs, f"{one.published.accuracy_percent:.2f}%" if one.published else "", one.summary)
        for one in RECIPES.values()
    ]
    title = "recipes; published is what others report for the architecture, which `train all --compare` tries"
    print_table(title, ("recipe", "epochs", "published", "network"), rows)


def _show(run: Run, json: bool) -> None:
    from dataclasses import asdict

    from mnist_edge.cli.console import note, print_json, print_table

    best = run.epochs[run.kept]
    if run.interrupted:
        on = "" if run.fine_tuning else "; --resume goes on"
        note(f"interrupted; kept epoch {run.kept + 1} of {len(run.epochs)}{on}")
    if json:
        figures = {"epochs": len(run.epochs), "kept_epoch": run.kept + 1, "seconds": run.seconds}
        document = {"folder": str(run.folder), "recipe": run.recipe, "seed": run.seed, **figures}
        document |= {"validation_accuracy": best["val_accuracy"], "test": run.test.to_json()}
        print_json(document | ({"fine_tuning": asdict(run.fine_tuning)} if run.fine_tuning else {}))
        return
    if run.fine_tuning:
        _show_learned(run, run.fine_tuning)
        return
    rows = [
        ("model", run.model),
        ("epochs", f"{len(run.epochs)}, of which epoch {run.kept + 1} was kept"),
        ("validation accuracy", f"{best['val_accuracy']:.2%}"),
        ("test accuracy", f"{run.test.accuracy:.2%} ({run.test.correct} of {run.test.images})"),
        ("test loss", f"{run.test.loss:.4f}"),
        ("parameters", f"{run.parameters:,}"),
        ("seconds", run.seconds),
        ("also there", "metrics.json, curves.png, confusion.png"),
    ]
    print_table(f"{run.recipe}, seed {run.seed}", ("", ""), rows)


def _show_learned(run: Run, learned: FineTuning) -> None:
    from mnist_edge.cli.console import note, print_table

    if learned.skipped:
        note("skipped: " + ", ".join(f"{count} {reason}" for reason, count in learned.skipped.items()))
    before, after = learned.before, learned.after
    rows = [
        ("model", run.recipe, run.model),
        ("test accuracy", f"{before.test_accuracy:.2%}", f"{after.test_accuracy:.2%}"),
        (
            f"of {learned.held_out} held-out collected digits",
            f"{before.held_out_accuracy:.1%}",
            f"{after.held_out_accuracy:.1%}",
        ),
        ("non-digits refused", f"{before.non_digits_refused:.1%}", f"{after.non_digits_refused:.1%}"),
    ]
    taught = f"{run.recipe}, taught {learned.images} collected digits, {learned.corrected} corrected"
    print_table(taught, ("what", "before", "after"), rows)


def _all(
    data: Dataset,
    folder: Path,
    seed: int,
    epochs: int | None,
    batch_size: int | None,
    force: bool,
    report: Progress,
    json: bool,
) -> None:
    from mnist_edge.benchmarks.recipes import compare_recipes
    from mnist_edge.cli.console import print_json, print_table
    from mnist_edge.models.recipes import CLASSIC

    results = compare_recipes(
        CLASSIC,
        data,
        folder,
        seeds=(seed,),
        epochs=epochs,
        batch_size=batch_size,
        force=force,
        progress=report,
    )
    if json:
        print_json([result.to_json() for result in results])
        return
    columns = ("recipe", "accuracy", "published", "loss", "int8", "agreement", "parameters", "MACs", "int8 bytes", "s")
    print_table(f"recipes on {data.name}, side by side in {folder / 'recipes.png'}", columns, map(_row, results))


def _row(result: RecipeResult) -> tuple[Any, ...]:
    percent = [f"{result.mean_of(figure):.2%}" for figure in ("accuracy", "int8_accuracy", "agreement")]
    published = f"{result.published_percent:g}%" if result.published_percent else ""
    sizes = [f"{n:,}" for n in (result.parameters, result.macs, result.int8_bytes)]
    loss, seconds = f"{result.mean_of('loss'):.4f}", f"{result.mean_of('seconds'):.0f}"
    return result.recipe, percent[0], published, loss, percent[1], percent[2], *sizes, seconds
