"""The figures and pictures in the documents, made from measured files: `make docs`.

A document marks where a figure goes: `<!-- figures: NAME -->` before it and `<!-- end -->` behind it.
"""

import json
import re
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.harness.tool import checkout, run_tool, tool_parser
from mnist_edge.benchmarks.release.card import read_instructions, table, write_cards
from mnist_edge.benchmarks.release.frontier import CPU, plot_frontier, points_by_bytes, points_by_instructions
from mnist_edge.benchmarks.release.robustness import Curve, Robustness, plot_robustness
from mnist_edge.benchmarks.released import read_released
from mnist_edge.shipped_models import DEFAULT

RESULTS = Path(__file__).resolve().parents[1] / "results"
DOCUMENTS = (
    "README.md",
    "docs/models.md",
    "docs/recipes.md",
    "docs/benchmarks.md",
    "docs/reading.md",
    "docs/camera.md",
)
_BLOCK = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(document: str) -> str:
    """The document with every marked figure made anew from its file in `benchmarks/results`."""
    return _BLOCK.sub(lambda found: f"{found[1]}{FIGURES[found[2]]()}{_missed(found[2])}\n{found[3]}", document)


def recipes_table() -> str:
    """Every classic recipe: published and measured, float and int8."""
    result = _result("recipes")
    seeds = len(result["recipes"][0]["runs"])
    head = ("recipe", "published", f"measured, mean of {seeds} seeds", "lowest to highest", "loss", "int8", "int8 drop")
    more = ("least agreement", "parameters", "MACs", "int8 bytes", "epochs kept")
    return table((*head, *more), map(_recipe_row, result["recipes"]))


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


def models_table() -> str:
    """The models that ship, int8."""
    counts = read_instructions().get(CPU, {})
    return table(
        (
            "model",
            "test accuracy, int8 file",
            "mean of its seeds",
            "int8 bytes",
            "MACs",
            "instructions, emulated Pi 4",
            "F1 on photographs",
        ),
        [_model_row(name, figures, counts.get(name)) for name, figures in read_released().items()],
    )


def _model_row(name: str, figures: dict[str, Any], instructions: int | None) -> tuple[str, ...]:
    accuracy = [run["int8_accuracy"] for run in figures["seeds"]]
    spread = f"{mean(accuracy):.2%}, {min(accuracy):.2%} to {max(accuracy):.2%}" if len(accuracy) > 1 else "one seed"
    return (
        f"`{name}`",
        f"**{figures['files']['int8']['accuracy']:.2%}**",
        spread,
        f"{figures['files']['int8']['bytes']:,}",
        f"{figures['macs']:,}",
        f"{instructions:,}" if instructions else "",
        f"{figures['photos']['f1']:.3f}" if figures["photos"] else "",
    )


def published_table() -> str:
    """What others publish, each with its source."""
    rows = [
        (
            row["name"],
            f"{row['accuracy_percent']:g} %",
            _size(row),
            row["note"],
            f"[{row['source']}]({row['url']})",
        )
        for row in _result("published")
    ]
    return table(("who", "accuracy", "size", "what to know", "source"), rows)


def _size(row: dict[str, Any]) -> str:
    if row["bytes"]:
        return f"{row['bytes']:,} bytes"
    return f"{row['parameters']:,} parameters" if row["parameters"] else ""


def overhead_table() -> str:
    """What our wrapper costs over a bare loop around the runtime's own invoke()."""
    rows = [
        (
            f"`{one['file']}`",
            f"{one['bare_us']:.1f}",
            f"{one['invoke_ratio']:.3f}",
            f"{one['classify_ratio']:.3f}",
        )
        for one in _result("overhead")["models"]
    ]
    return table(("model", "bare loop, us", "benchmark's invoke / bare", "our wrapper / bare"), rows)


def startup_line() -> str:
    """How long `--help` takes beside importing typer and rich."""
    result = _result("startup")
    return f'`mnist-edge --help` takes {result["ratio"]:.2f} times as long as `python -c "import typer, rich"`.'


def reading_table() -> str:
    """How generated pages and other people's photographs are read."""
    measured = _result("pages"), read_released()[DEFAULT]["photos"]
    counts = [f"{one['photos'] + one['negatives']} {what}" for one, what in zip(measured, _READ, strict=True)]
    return table(("figure", *counts), [(label, *(figure(one) for one in measured)) for label, figure in _READING_ROWS])


_READ = ("generated pages", "photographs")
_READING_ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("digits written", lambda one: f"{one['digits']:,}"),
    ("F1, right box and right label", lambda one: f"**{one['f1']:.3f}**"),
    ("recall, digits found", lambda one: f"{one['recall']:.3f}"),
    ("precision, digits among what was read", lambda one: f"{one['precision']:.3f}"),
    ("label accuracy, of digits found", lambda one: f"{one['label_accuracy']:.3f}"),
    ("rows read exactly", lambda one: f"{one['rows_exact']:.3f}"),
    ("false digits a picture without any", lambda one: f"{one['false_per_negative']:.2f}"),
)


def reading_conditions_table() -> str:
    """How generated pages are read by what is on them, hardest first."""
    shares = ("f1", "recall", "precision")
    rows = [
        (one["tag"].replace("_", " "), f"{one['photos']}", *(f"{one[name]:.3f}" for name in shares))
        for one in _result("pages")["tags"]
    ]
    return table(("condition", "pages", "F1", "recall", "precision"), rows)


def reading_time_line() -> str:
    """What reading a frame costs beside its floor and the usual webcam loop."""
    scenes = _result("reading_time")["scenes"]
    floor, webcam = scenes["median_to_floor"], scenes["median_to_webcam"]
    return (
        f"A frame of 640x480 with ten digits, on one thread, takes {floor:.1f} times as long as grey, adaptive "
        f"threshold and connected components of the same frame (median of {scenes['frames']} frames; "
        f"{scenes['to_floor']:.1f} times over all of them), and {webcam:.0f} times as long as one global threshold, "
        "its contours and an invoke for each: the loop of many webcam projects, with the same network. Make it with "
        "`make reading-time`."
    )


def fuzz_line() -> str:
    """What the fuzz run saw."""
    result = _result("fuzz")
    files = sum(count for kind, count in result["kinds"].items() if kind.endswith(" file"))
    broken = "none broke a promise" if result["failed_seed"] is None else f"seed {result['failed_seed']} broke one"
    return (
        f"`make fuzz`, {result['seconds'] / 60:.0f} minutes: {result['cases']:,} cases, {files:,} of them files, most "
        f"damaged; {broken}. The slowest took {result['slowest_ms'] / 1000:.1f} s, and memory grew by at most "
        f"{result['growth_mb']:.0f} MB."
    )


def steady_table() -> str:
    """How still the reading stands on videos of pages that move."""
    rows = [
        (
            f"{one['seed']}",
            f"**{one['share']:.2%}**",
            f"{one['share_of_reader']:.2%}",
            f"{one['digits']}",
            f"{one['appeared'].get('1', 0)}",
            f"{one['gone'].get('1', 0)}",
            f"{one['false']}",
        )
        for one in _result("steady")["videos"]
    ]
    shares = ("frames shown exactly", "read exactly")
    return table(("video", *shares, "digits", "appeared once", "gone once", "false"), rows)


def soak_line() -> str:
    """What the soak saw."""
    found = _result("soak")
    threads, files = (
        f"{low}" if low == high else f"{low} to {high}" for low, high in (found["threads"], found["files"])
    )
    return (
        f"`make soak`: {found['frames']:,} frames with two viewers of the web page and a broker, in "
        f"{found['seconds'] / 60:.0f} minutes. After the first 5,000 the process had {found['rss_mb']:.0f} MB, and "
        f"never more than {found['growth_mb']:.1f} MB above that; threads {threads}, open files {files}. Of "
        f"{found['events']:,} events {found['events_lost']} were lost."
    )


def faults_table() -> str:
    """What was done to a running camera, and how it came back."""
    rows = [
        (
            one["name"],
            one["injected"],
            "yes" if one["recovered"] else "**no**",
            "" if one["seconds"] is None else f"{one['seconds']:.1f}",
        )
        for one in _result("faults")["faults"]
    ]
    return table(("fault", "what was done", "came back", "seconds after its end"), rows)


def loop_cost_table() -> str:
    """What the loop and its sinks cost beside reading alone."""
    rows = [
        (one["name"], f"{one['frame_ms']:.2f}", f"{one['cpu_ms']:.2f}", f"{one['ratio']:.2f}")
        for one in _result("loop_cost")["costs"]
    ]
    return table(("what is done", "ms a frame", "ms of processor", "to reading alone"), rows)


def recording_table() -> str:
    """What each codec costs, and what is left when the process is killed."""
    rows = [
        (
            f"{one['codec']} ({one['suffix']})",
            f"{one['width']}x{one['height']}",
            f"{one['frame_ms']:.1f}",
            f"{one['minute_mb']:.0f}",
            f"{one['left_after_kill_s']:.1f}",
        )
        for one in _result("recording")["costs"]
    ]
    return table(("codec", "size", "ms of processor a frame", "MB a minute", "seconds left of 5"), rows)


def window_speed_table() -> str:
    """Frames a second with a window and without."""
    rows = [
        (one["source"], *(f"{one[name]:.1f}" for name in ("without", "with_window", "shown")), f"{one['ratio']:.2f}")
        for one in _result("window_speed")["speeds"]
    ]
    return table(("source", "read without a window", "with a window", "shown", "with to without"), rows)


FIGURES: dict[str, Callable[[], str]] = {
    "reading": reading_table,
    "reading-conditions": reading_conditions_table,
    "reading-time": reading_time_line,
    "fuzz": fuzz_line,
    "steady": steady_table,
    "soak": soak_line,
    "faults": faults_table,
    "loop-cost": loop_cost_table,
    "window-speed": window_speed_table,
    "recording": recording_table,
    "recipes": recipes_table,
    "models": models_table,
    "published": published_table,
    "overhead": overhead_table,
    "startup": startup_line,
}


def draw_reading(path: Path) -> None:
    """A generated page beside what the model that ships reads on it."""
    from mnist_edge.camera.images import write_image
    from mnist_edge.camera.overlay import annotate
    from mnist_edge.camera.reader import Reader
    from mnist_edge.dataset import load
    from mnist_edge.models.pages.conditions import Conditions
    from mnist_edge.models.pages.pages import draw_page

    page = draw_page(load().test, 27, Conditions(rows=3, lines="ruled"), width=640, height=480)
    reading = Reader().read(page.image)
    said = f"read: {' / '.join(reading.text)}    written: {' / '.join(page.text)}"
    write_image(path, np.hstack([page.image, annotate(page.image, reading, said)]))


def draw_models(folder: Path) -> None:
    """The two pictures of `docs/models.md`: accuracy against cost, and accuracy under perturbations."""
    released, recipes, published = read_released(), _result("recipes"), _result("published")
    of_no_size = next(row for row in published if not row["bytes"] and not row["parameters"])
    plot_frontier(
        points_by_bytes(released, recipes, published),
        points_by_instructions(released, recipes, read_instructions()),
        folder / "models.png",
        (of_no_size["name"], of_no_size["accuracy_percent"]),
    )
    plot_robustness([_robustness(one["robustness"]) for one in released.values()], folder / "robustness.png")


def _robustness(found: dict[str, Any]) -> Robustness:
    curves = (Curve(**curve | {"steps": tuple(curve["steps"])}) for curve in found["curves"])
    return Robustness(**found | {"curves": tuple(curves)})


def _missed(name: str) -> str:
    """The bounds that did not hold when a figure was measured, to be said beside it."""
    path = RESULTS / f"{name.replace('-', '_')}.json"
    found = json.loads(path.read_text()) if path.is_file() else {}
    broken = found.get("broken") if isinstance(found, dict) else None
    return f"\n\n**A bound is missed:** {'; '.join(broken)}." if broken else ""


def _result(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cards of the models and the figures into the documents, and draw the pictures."""
    return run_tool(tool_parser(__name__, __doc__), _write, arguments)


def _write(_: Namespace) -> None:
    root = checkout()
    write_cards()
    for name in DOCUMENTS:
        path = root / name
        write_text(path, render(path.read_text()))
    draw_models(root / "docs")
    draw_reading(root / "docs" / "page.jpg")
