"""`mnist-edge data`."""

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Json


def command(data: Data = None, json: Json = False) -> None:
    """Find MNIST or fetch it, check it, and say how it is split.

    What is fetched is kept in the cache. --data checks data of your own, in any form that every command takes.

    Example: mnist-edge data --data ~/my-digits
    """
    from mnist_edge.classes import noun
    from mnist_edge.dataset import load

    with progress("data") as report:
        found = load(data, progress=report)
    print_notes(found.notes)
    splits = {"training": found.training, "validation": found.validation, "test": found.test}
    if json:
        sizes = {name: len(split) for name, split in splits.items()}
        known = {"name": found.name, "path": str(found.path), "sha256": found.sha256, **sizes}
        print_json(known | {"classes": list(found.classes)})
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
