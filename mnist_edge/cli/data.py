"""`mnist-edge data`."""

import os
from pathlib import Path

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Json
from mnist_edge.progress import Progress


def command(data: Data = None, json: Json = False) -> None:
    """Find MNIST or fetch it, check it, and say how it is split.

    Fetched too, for the training of what ships, are Pendigits' pen paths; training works without them. What is fetched
    is kept in the cache. --data checks data of your own, in any form that every command takes.

    Example: mnist-edge data --data ~/my-digits
    """
    from mnist_edge.classes import noun
    from mnist_edge.dataset import load

    with progress("data") as report:
        found = load(data, progress=report)
        paths, note = _pen_digits(report) if data is None else (None, "")
    print_notes((*found.notes, note) if note else found.notes)
    splits = {"training": found.training, "validation": found.validation, "test": found.test}
    if json:
        sizes = {name: len(split) for name, split in splits.items()}
        known = {"name": found.name, "path": str(found.path), "sha256": found.sha256, **sizes}
        beside = {"pen_digits": str(paths) if paths else None} if data is None else {}
        print_json(known | {"classes": list(found.classes)} | beside)
        return
    counts = {name: [int((split.labels == label).sum()) for label in range(len(found.classes))]
              for name, split in splits.items()}  # fmt: skip
    title = f"{found.name} in {found.path}"
    if noun(found.classes) == "digit":
        rows = [(name, len(split), *counts[name]) for name, split in splits.items()]
        print_table(title, ("split", "images", *found.classes), rows)
    else:
        total = ("all", *(len(split) for split in splits.values()))
        print_table(title, ("class", *splits), [*zip(found.classes, *counts.values(), strict=True), total])


def _pen_digits(report: Progress) -> tuple[Path | None, str]:
    """Where Pendigits' pen paths are, checked, and what there is to say of them."""
    from mnist_edge.errors import DataError
    from mnist_edge.pen_digits import CREDIT, NAME, fetch_pen_digits, find_pen_digits, read_pen_digits

    try:
        # Like MNIST it is fetched only where the data's place was not given.
        path = find_pen_digits() if os.environ.get("MNIST_EDGE_DATA") else fetch_pen_digits(report)
        if path is None:
            return None, f"{NAME} is neither in MNIST_EDGE_DATA nor in the cache: training goes without Pendigits"
        return path, f"{len(read_pen_digits(path)):,} digits to train on beside MNIST's: {CREDIT}, in {path}"
    except DataError as error:
        return None, f"training goes without Pendigits: {error}"
