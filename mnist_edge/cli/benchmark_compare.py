"""`mnist-edge benchmark compare`: a word of its own, since every other word there is a model."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mnist_edge.cli.console import note, print_json, print_table
from mnist_edge.errors import UsageError

WORD = "compare"


def compare_files(files: Sequence[str], json: bool) -> None:
    """Print the figures of two files of `benchmark` side by side."""
    from mnist_edge.benchmarks.compare import compare, describe, read_measurements

    if len(files) != 2:
        raise UsageError(f"compare takes two files, not {len(files)}: mnist-edge benchmark compare A.json B.json")
    paths = [Path(file) for file in files]
    first, second = map(read_measurements, paths)
    compared = compare(first, second)
    if json:
        print_json([asdict(one) for one in compared])
        return
    titles = [path.stem for path in paths] if paths[0].stem != paths[1].stem else ["first", "second"]
    rows = [
        (one.model, one.figure, one.first, one.second, "-" if one.ratio is None else f"{one.ratio:.2f}x")
        for one in compared
    ]
    print_table("side by side", ("model", "figure", *titles, f"{titles[1]} to {titles[0]}"), rows)
    for path, found in zip(paths, (first, second), strict=True):
        note(describe(path, found))
