"""Print what `mnist-edge train` did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_edge.cli.console import note, print_json, print_table

if TYPE_CHECKING:
    from mnist_edge.benchmarks.recipes import RecipeResult
    from mnist_edge.models.finder.train import FinderRun
    from mnist_edge.models.run import FineTuning, Run


def show_recipes(json: bool) -> None:
    """Print the recipes, as a table or as one JSON document."""
    from mnist_edge.models.recipes import FINDER, RECIPES

    recipes = (*RECIPES.values(), FINDER)
    if json:
        print_json([asdict(recipe) for recipe in recipes])
        return
    rows = [
        (one.name, one.epochs, f"{one.published.accuracy_percent:.2f}%" if one.published else "", one.summary)
        for one in recipes
    ]
    title = "recipes; published is what others report for the architecture, which `train all --compare` tries"
    print_table(title, ("recipe", "epochs", "published", "network"), rows)


def show_comparison(results: Iterable[RecipeResult], data: str, folder: Path) -> None:
    """Print the recipes side by side."""
    columns = ("recipe", "accuracy", "published", "loss", "int8", "agreement", "parameters", "MACs", "int8 bytes", "s")
    print_table(f"recipes on {data}, side by side in {folder / 'recipes.png'}", columns, map(_row, results))


def show_run(run: Run | FinderRun, json: bool) -> None:
    """Print the figures of a run, as a table or as one JSON document."""
    from mnist_edge.models.run import Run

    if not isinstance(run, Run):
        _show_finder(run, json)
        return
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
        ("also there", "settings.json, metrics.json, curves.png, confusion.png"),
    ]
    print_table(f"{run.recipe}, seed {run.seed}", ("", ""), rows)


def _show_finder(run: FinderRun, json: bool) -> None:
    """Print the figures of a finder's training, as a table or as one JSON document."""
    if run.interrupted:
        note(f"interrupted; kept epoch {len(run.epochs)}; --resume goes on")
    if json:
        print_json(run.to_json())
        return
    found = run.validation
    negatives = [("false digits a page without any", found.false_a_negative)] if found.negatives else []
    rows = [
        ("model", run.model),
        ("epochs", len(run.epochs)),
        ("trained on", f"{run.pages:,} pages"),
        ("validation", f"{found.digits:,} digits on {found.pages} pages, threshold {found.threshold:.2f}"),
        ("found", f"{found.recall:.1%}, and {found.precision:.1%} of what was found are digits"),
        ("F1, with the right label", f"{found.f1:.1%}"),
        *negatives,
        ("parameters", f"{run.parameters:,}"),
        ("seconds", run.seconds),
        ("also there", "settings.json, metrics.json, curves.png"),
    ]
    print_table(f"finder, seed {run.seed}", ("", ""), rows)


def _show_learned(run: Run, learned: FineTuning) -> None:
    if learned.skipped:
        note("skipped: " + ", ".join(f"{count} {reason}" for reason, count in learned.skipped.items()))
    taught = f"{run.recipe}, taught {learned.images} collected digits, {learned.corrected} corrected"
    print_table(taught, ("what", "before", "after"), learned_rows(run, learned))


def learned_rows(run: Run, learned: FineTuning) -> list[tuple[str, str, str]]:
    """Return the figures of a fine-tuning: what, before and after."""
    before, after = learned.before, learned.after
    return [
        ("model", run.recipe, str(run.model)),
        ("test accuracy", f"{before.test_accuracy:.2%}", f"{after.test_accuracy:.2%}"),
        (
            f"of {learned.held_out} held-out collected digits",
            f"{before.held_out_accuracy:.1%}",
            f"{after.held_out_accuracy:.1%}",
        ),
        ("non-digits refused", f"{before.non_digits_refused:.1%}", f"{after.non_digits_refused:.1%}"),
    ]


def _row(result: RecipeResult) -> tuple[Any, ...]:
    percent = [f"{result.mean_of(figure):.2%}" for figure in ("accuracy", "int8_accuracy", "agreement")]
    published = f"{result.published_percent:g}%" if result.published_percent else ""
    sizes = [f"{n:,}" for n in (result.parameters, result.macs, result.int8_bytes)]
    loss, seconds = f"{result.mean_of('loss'):.4f}", f"{result.mean_of('seconds'):.0f}"
    return result.recipe, percent[0], published, loss, percent[1], percent[2], *sizes, seconds
