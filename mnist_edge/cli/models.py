"""`mnist-edge models`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.options import Force, Json

app = typer.Typer(
    rich_markup_mode=None,
    help="The models that ship: list them, show a card, copy a file.\n\nExample: mnist-edge models show small",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a model that ships.")]


@app.callback(invoke_without_command=True)
def command(context: typer.Context, json: Json = False) -> None:
    """The models that ship: list them, show a card, copy a file.

    Example: mnist-edge models show small
    """
    if context.invoked_subcommand is not None:
        return
    from mnist_edge.cli.console import print_json, print_table
    from mnist_edge.metadata import read_metadata
    from mnist_edge.shipped import shipped_models

    rows = []
    for name, shipped in shipped_models().items():
        for precision, path in shipped.files.items():
            facts = read_metadata(path)
            accuracy = facts.get("accuracy") or {}
            rows.append(
                {
                    "name": name,
                    "precision": precision,
                    "size_bytes": path.stat().st_size,
                    "macs": facts.get("macs"),
                    "accuracy": accuracy.get("accuracy"),
                    "data": accuracy.get("data"),
                    "path": str(path),
                }
            )
    if json:
        print_json(rows)
        return
    columns = ("model", "precision", "bytes", "MACs", "test accuracy", "data")
    print_table("models that ship; `mnist-edge models show NAME` prints a card", columns, map(_row, rows))


@app.command()
def show(name: Name) -> None:
    """Print a model's card: data, recipe, figures, known failures.

    Example: mnist-edge models show small
    """
    from mnist_edge.shipped import find_shipped

    print(find_shipped(name).card.read_text(encoding="utf-8"), end="")


@app.command()
def copy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as small, or small.float32.")],
    to: Annotated[Path, typer.Argument(metavar="TO", help="A file or an existing folder.")],
    force: Force = False,
) -> None:
    """Copy a model's file, for use in another program.

    Example: mnist-edge models copy small .
    """
    from mnist_edge.files import refuse_overwrite, write_bytes
    from mnist_edge.shipped import resolve_shipped

    path = resolve_shipped(name)
    target = to / path.name if to.is_dir() else to
    refuse_overwrite(target, force)
    write_bytes(target, path.read_bytes())
    print(target)


def _row(row: dict[str, object]) -> tuple[object, ...]:
    accuracy, macs = row["accuracy"], row["macs"]
    return (
        row["name"],
        row["precision"],
        f"{row['size_bytes']:,}",
        f"{macs:,}" if macs else "",
        f"{accuracy:.2%}" if accuracy else "",
        row["data"] or "",
    )
