"""Options that several commands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder with MNIST's four IDX files or mnist.npz. "
        "Default: MNIST_EDGE_DATA, else the cache, else a download.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        metavar="NAME",
        help="ai-edge-litert, tflite-runtime or tensorflow. Default: the first that works.",
        show_default=False,
    ),
]
Threads = Annotated[int, typer.Option("--threads", min=1, help="CPU threads for one invoke.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result.")]
Model = Annotated[
    str, typer.Option("--model", metavar="MODEL", help="A .tflite file or the name of a model that ships.")
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence", min=0, max=1, metavar="P", help="Refuse digits less sure than this.", show_default=False
    ),
]
