"""`mnist-edge data`."""

from mnist_edge.cli.console import print_json, print_notes, print_table, progress
from mnist_edge.cli.options import Data, Json


def command(data: Data = None, json: Json = False) -> None:
    """Find MNIST or fetch it, check it, and say how it is split.

    What is fetched is kept in the cache. --data checks data of your own, in any form that every command takes.

    Example: mnist-edge data --data ~/my-digits
    """
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
    rows = [
        (name, *(int((split.labels == label).sum()) for split in splits.values()))
        for label, name in enumerate(found.classes)
    ]
    total = ("all", *(len(split) for split in splits.values()))
    print_table(f"{found.name} in {found.path}", ("class", *splits), [*rows, total])
