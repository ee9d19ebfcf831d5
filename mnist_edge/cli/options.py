"""Options that several commands share."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer


def complete(names: Callable[[], Iterable[object]]) -> Callable[[str], list[str]]:
    """Make a shell completion from names, which are listed only when asked for, since that may import much."""

    def completion(incomplete: str) -> list[str]:
        return [name for name in map(str, names()) if name.startswith(incomplete)]

    return completion


def _models() -> list[str]:
    from mnist_edge.shipped_models import shipped_models

    shipped = shipped_models().values()
    return [name for one in shipped for name in (one.name, *(f"{one.name}.{precision}" for precision in one.files))]


def _finders() -> list[str]:
    from mnist_edge.shipped_models import FINDER, find_shipped

    return [FINDER, *(f"{FINDER}.{precision}" for precision in find_shipped(FINDER).files)]


def _runtimes() -> Iterable[str]:
    from mnist_edge.runtime import RUNTIMES

    return RUNTIMES


complete_models = complete(_models)
complete_finders = complete(_finders)
complete_shipped = complete(lambda: [*_models(), *_finders()])
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Folder or file: IDX as MNIST's, .npz, CSV, Parquet, or a folder of pictures for each class. "
        "Default: MNIST_EDGE_DATA, else the cache, else a download.",
    ),
]
Finder = Annotated[
    str | None,
    typer.Option(
        "--finder",
        metavar="FILE",
        autocompletion=complete_finders,
        help="A .tflite file of a finder. Default: the one that ships.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=1, help="Longest wait for each check; more for a slow card."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Pixels = Annotated[
    str | None,
    typer.Option(
        "--pixels",
        metavar="SCALE",
        help="What the network was trained on: 0..1, 0..255, -1..1, or MEAN,STD that pixels were standardised by. "
        "Default: as its file says, else 0..1.",
    ),
]
Invert = Annotated[bool, typer.Option("--invert", help="It was trained on dark ink on a light background.")]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        metavar="NAME",
        autocompletion=complete(_runtimes),
        help="ai-edge-litert, tflite-runtime or tensorflow. Default: the first that works.",
    ),
]
Threads = Annotated[int, typer.Option("--threads", metavar="N", min=1, max=256, help="CPU threads for one invoke.")]
