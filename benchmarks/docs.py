"""The figures and pictures in the documents, made from measured files: `make docs`.

A document marks where a figure goes: `<!-- figures: NAME -->` before it and `<!-- end -->` behind it.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from mnist_edge.files import write_text

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DOCUMENTS = ("README.md", "docs/recipes.md", "docs/benchmarks.md")
_BLOCK = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(document: str) -> str:
    """The document with every marked figure made anew from its file in `benchmarks/results`."""
    return _BLOCK.sub(lambda found: f"{found[1]}{FIGURES[found[2]]()}\n{found[3]}", document)


def recipes_table() -> str:
    """Every classic recipe: published and measured, float and int8."""
    result = _result("recipes")
    seeds = len(result["recipes"][0]["runs"])
    head = ("recipe", "published", f"measured, mean of {seeds} seeds", "lowest to highest", "loss", "int8", "int8 drop")
    more = ("least agreement", "parameters", "MACs", "int8 bytes", "epochs kept")
    return _table((*head, *more), map(_recipe_row, result["recipes"]))


def _recipe_row(recipe: dict[str, Any]) -> tuple[str, ...]:
    runs = recipe["runs"]
    accuracy, int8 = ([run[figure] for run in runs] for figure in ("accuracy", "int8_accuracy"))
    drops = [100 * (a - b) for a, b in zip(accuracy, int8, strict=True)]
    return (
        f"`{recipe['recipe']}`",
        f"{recipe['published_percent']:g} %",
        f"**{mean(accuracy):.2%}**",
        f"{min(accuracy):.2%} to {max(accuracy):.2%}",
        f"{mean(run['loss'] for run in runs):.4f}",
        f"{mean(int8):.2%}",
        f"{mean(drops):+.3f} points",
        f"{min(run['agreement'] for run in runs):.2%}",
        f"{recipe['parameters']:,}",
        f"{recipe['macs']:,}",
        f"{recipe['int8_bytes']:,}",
        ", ".join(str(run["kept_epoch"]) for run in runs),
    )


def small_table() -> str:
    """The model that ships, float and int8."""
    result = _result("small")
    run, parity = result["training"]["runs"][0], result["parity"]
    rows = [
        ("MNIST test accuracy", f"{run['accuracy']:.2%}", f"{run['int8_accuracy']:.2%}"),
        ("agrees with the Keras model", "", f"{parity['agreement']:.2%}"),
        ("file, bytes", f"{result['float32_bytes']:,}", f"{result['int8_bytes']:,}"),
        ("multiply-accumulates", f"{result['macs']:,}", f"{result['macs']:,}"),
    ]
    return _table(("`small`", "float32", "int8"), rows)


def overhead_table() -> str:
    """What our wrapper costs over a bare loop around the runtime's own invoke()."""
    rows = [
        (
            f"`{one['file']}`",
            f"{one['bare_us']:.1f}",
            f"{one['invoke_ratio']:.3f}",
            f"{one['classify_ratio']:.3f}",
        )
        for one in _result("overhead")
    ]
    return _table(("model", "bare loop, us", "benchmark's invoke / bare", "our wrapper / bare"), rows)


def startup_line() -> str:
    """How long `--help` takes beside importing typer and rich."""
    result = _result("startup")
    return f'`mnist-edge --help` takes {result["ratio"]:.2f} times as long as `python -c "import typer, rich"`.'


FIGURES: dict[str, Callable[[], str]] = {
    "recipes": recipes_table,
    "small": small_table,
    "overhead": overhead_table,
    "startup": startup_line,
}


def draw_page(path: Path) -> None:
    """A generated page beside what the model that ships reads on it."""
    from mnist_edge.camera.images import write_image
    from mnist_edge.camera.overlay import annotate
    from mnist_edge.camera.reader import Reader
    from mnist_edge.camera.scenes import draw_scene
    from mnist_edge.dataset import load

    scene = draw_scene(load().test, seed=1, rows=3, ruled=True)
    reading = Reader().read(scene.image)
    said = f"read: {' / '.join(reading.text)}    written: {' / '.join(scene.text)}"
    write_image(path, np.hstack([scene.image, annotate(scene.image, reading, said)]))


def _result(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the figures into the documents, and draw the pictures."""
    for name in DOCUMENTS:
        path = ROOT / name
        write_text(path, render(path.read_text()))
    draw_page(ROOT / "docs" / "page.jpg")


if __name__ == "__main__":
    main()
