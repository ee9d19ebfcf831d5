"""`mnist-edge models`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mnist_edge.cli.console import note, print_card, print_json, print_notes, print_table, progress
from mnist_edge.cli.help import Command, Group
from mnist_edge.cli.options import Data, Force, Json, complete_shipped

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    help="List the models that ship, show a card, copy a file.\n\nExample: mnist-edge models show small",
)
Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_shipped, help="Of a model that ships.")]


@app.callback(invoke_without_command=True)
def command(context: typer.Context, json: Json = False) -> None:
    """List the models that ship, show a card, copy a file.

    Example: mnist-edge models show small
    """
    if context.invoked_subcommand is None:
        list_models(json)


@app.command("list", cls=Command)
def list_models(json: Json = False) -> None:
    """List the models that ship, with their figures.

    Example: mnist-edge models list
    """
    from mnist_edge.shipped_models import shipped_models

    rows = [
        _facts(name, precision, path)
        for name, shipped in shipped_models().items()
        for precision, path in shipped.files.items()
    ]
    rows.sort(key=lambda row: row["macs"] or 0)
    if json:
        print_json(rows)
        return
    data, device = _named(rows, "data"), _named(rows, "latency_device")
    title = f"models that ship: accuracy on the test images of {data}{device and f', one invoke on {device}'}"
    # Latency belongs to a file: one that was trained or exported since has none until it is measured.
    columns = ("model", "accuracy", "bytes", "MACs", *(["invoke, us"] if device else []))
    print_table(title, columns, [_row(row)[: len(columns)] for row in rows])
    note("`mnist-edge models show NAME` tells more of one, or of `finder`, which finds the digits that they read")


@app.command(cls=Command)
def show(
    name: Name,
    mistakes: Annotated[
        Path | None,
        typer.Option(
            "--mistakes", metavar="PNG", help="Also draw the test images that it gets wrong while it is sure."
        ),
    ] = None,
    data: Data = None,
    force: Force = False,
) -> None:
    """Show a model's card: data, recipe, figures, known failures.

    No picture of a data set ships, so --mistakes draws the failures from the images that are here.

    Example: mnist-edge models show small --mistakes mistakes.png
    """
    from mnist_edge.shipped_models import find_shipped

    shipped = find_shipped(name)
    if mistakes:
        _draw_mistakes(shipped.default, mistakes, data, force)
    print_card(shipped.card.read_text(encoding="utf-8"))


@app.command(cls=Command)
def copy(
    name: Annotated[
        str, typer.Argument(metavar="NAME", autocompletion=complete_shipped, help="Such as small, or small.float32.")
    ],
    to: Annotated[Path, typer.Argument(metavar="TO", help="A file or an existing folder.")],
    force: Force = False,
) -> None:
    """Copy a model's file, for use in another program.

    Example: mnist-edge models copy small .
    """
    from mnist_edge.atomic_files import refuse_overwrite, write_bytes
    from mnist_edge.shipped_models import resolve_shipped

    path = resolve_shipped(name)
    target = to / path.name if to.is_dir() else to
    refuse_overwrite(target, force)
    write_bytes(target, path.read_bytes())
    print(target)


def _facts(name: str, precision: str, path: Path) -> dict[str, Any]:
    from mnist_edge.benchmarks.released import latency_of
    from mnist_edge.metadata import read_metadata

    facts = read_metadata(path)
    accuracy, latency = facts.get("accuracy") or {}, latency_of(path, name, precision) or {}
    return {
        "name": name,
        "precision": precision,
        "accuracy": accuracy.get("accuracy"),
        "size_bytes": path.stat().st_size,
        "macs": facts.get("macs"),
        "latency_us": latency.get("median_us"),
        "latency_device": latency.get("device"),
        "data": accuracy.get("data"),
        "path": str(path),
    }


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    accuracy, macs, latency = row["accuracy"], row["macs"], row["latency_us"]
    return (
        f"{row['name']}.{row['precision']}",
        f"{accuracy:.2%}" if accuracy else "",
        f"{row['size_bytes']:,}",
        f"{macs:,}" if macs else "",
        f"{latency:.1f}" if latency else "",
    )


def _named(rows: list[dict[str, Any]], key: str) -> str:
    return ", ".join(dict.fromkeys(row[key] for row in rows if row[key]))


def _draw_mistakes(model: Path, picture: Path, data: Path | None, force: bool) -> None:
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.benchmarks.mistakes import draw_mistakes, worst_mistakes
    from mnist_edge.classifier import Classifier
    from mnist_edge.evaluate import predict
    from mnist_edge.provenance import load_for

    refuse_overwrite(picture, force)
    with progress("looking for mistakes") as report:
        found = load_for(model, data=data, progress=report)
        classifier = Classifier(model, digits_only=False)
        mistakes = worst_mistakes(predict(classifier, found.test, report), found.test.labels)
    print_notes(found.notes)
    title = f"{classifier.name} on {found.name}: the worst of its mistakes"
    draw_mistakes(found.test.images, mistakes, title, picture)
    note(f"{len(mistakes)} mistakes drawn in {picture}")
