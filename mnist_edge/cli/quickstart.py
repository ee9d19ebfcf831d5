"""`mnist-edge quickstart`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Force, Json

if TYPE_CHECKING:
    from mnist_edge.benchmarks.benchmark import Measurement
    from mnist_edge.benchmarks.quickstart import Quickstart


def command(
    data: Data = None,
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", min=1, help="Of the training.")] = 5,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where everything goes.")] = Path(
        "runs/quickstart"
    ),
    force: Force = False,
    json: Json = False,
) -> None:
    """Go the whole path in minutes: train, export, verify, read a page.

    It exports to float and int8, benchmarks both, and ends with a table and a folder of plots. It uses MNIST where it
    is found or can be downloaded, else scikit-learn's bundled digits.

    Example: mnist-edge quickstart --data ~/mnist
    """
    from mnist_edge.benchmarks.quickstart import quickstart
    from mnist_edge.dataset import load
    from mnist_edge.training_stack import load_keras

    with progress("quickstart") as report:
        # Missing packages should be reported before MNIST is downloaded.
        load_keras()
        found = load(data, fallback=True, progress=report)
        print_notes(found.notes)
        result = quickstart(found, output, epochs=epochs, force=force, progress=report)
    if json:
        print_json(result.to_json())
    else:
        _show(result)


def _show(result: Quickstart) -> None:
    float32, int8 = result.measurements
    rows = [
        ("test accuracy", *(f"{one.accuracy:.2%}" for one in (float32, int8))),
        ("agrees with Keras", *(f"{parity.agreement:.2%}" for parity in result.parities)),
        ("size, bytes", *(f"{one.size_bytes:,}" for one in (float32, int8))),
        ("invoke, us (median)", *_us("invoke_us", float32, int8)),
        ("ink to digit, us (median)", *_us("end_to_end_us", float32, int8)),
    ]
    print_table(f"{result.run.recipe} on {result.data}, in {float32.runtime}", ("", "float32", "int8"), rows)
    page = [
        ("written on the page", " / ".join(result.written)),
        ("read from it (int8)", " / ".join(result.read)),
        ("look at it all in", f"{result.folder} (curves.png, confusion.png, scene.png, metrics.json)"),
    ]
    print_table("", ("", ""), page)


def _us(figure: str, *measurements: Measurement) -> list[str]:
    return [f"{getattr(one, figure).median:,.1f}" for one in measurements]
