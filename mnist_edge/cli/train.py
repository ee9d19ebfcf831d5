"""`mnist-edge train`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.options import Data, Force, Json, Seed


def command(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="Which recipe, or `all`; an unknown name lists them.")
    ] = "two-conv",
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.", show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.", show_default=False)] = None,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="The run folder. Default: runs/RECIPE-seedSEED.",
            show_default=False,
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="With `all`: export each too, and print and plot them side by side."),
    ] = False,
    data: Data = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Train a recipe, or all of them; Ctrl-C keeps the best epoch so far.

    Example: mnist-edge train two-conv --epochs 5
    """
