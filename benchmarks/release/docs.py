"""The figures and pictures in the documents, made from measured files: `make docs`.

A document marks where a figure goes: `<!-- figures: NAME -->` before it and `<!-- end -->` behind it.
"""

import json
import re
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.harness.tool import checkout, run_tool, tool_parser
from mnist_edge.benchmarks.release.card import RESULTS, filled, read_instructions, table, write_cards
from mnist_edge.benchmarks.release.finder import write_finder_card
from mnist_edge.benchmarks.release.frontier import CPU
from mnist_edge.benchmarks.release.pictures import draw_models, draw_reading
from mnist_edge.benchmarks.release.scaling import plot_scaling
from mnist_edge.benchmarks.released import read_released
from mnist_edge.shipped_models import DEFAULT

Row = Mapping[str, Any]

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
    """Return the document with every marked figure made again from its file in `benchmarks/results`."""
    return _BLOCK.sub(lambda found: f"{found[1]}{FIGURES[found[2]]()}{_missed(found[2])}\n{found[3]}", document)


def _table_of(result: str, key: str, head: str, template: str) -> Callable[[], str]:
    return lambda: filled(_result(result)[key], head, template)


def recipes_table() -> str:
    """Return the table of classic recipes: published and measured, float and int8."""
    recipes = _result("recipes")["recipes"]
    head = (
        f"recipe | published | measured, mean of {len(recipes[0]['runs'])} seeds | lowest to highest | loss | int8 | "
        "int8 drop | least agreement | parameters | MACs | int8 bytes | epochs kept"
    )
    template = (
        "`{recipe}` | {published_percent:g} % | **{accuracy:.2%}** | {lowest:.2%} to {highest:.2%} | {loss:.4f} | "
        "{int8:.2%} | {drop:+.3f} points | {agreement:.2%} | {parameters:,} | {macs:,} | {int8_bytes:,} | {kept}"
    )
    return filled(map(_with_means, recipes), head, template)


def _with_means(recipe: Row) -> Row:
    runs = recipe["runs"]
    accuracy, int8 = ([run[figure] for run in runs] for figure in ("accuracy", "int8_accuracy"))
    return {
        **recipe,
        "accuracy": mean(accuracy),
        "lowest": min(accuracy),
        "highest": max(accuracy),
        "loss": mean(run["loss"] for run in runs),
        "int8": mean(int8),
        "drop": mean(100 * (a - b) for a, b in zip(accuracy, int8, strict=True)),
        "agreement": min(run["agreement"] for run in runs),
        "kept": ", ".join(str(run["kept_epoch"]) for run in runs),
    }


def models_table() -> str:
    """Return the table of the models that ship, int8."""
    counts = read_instructions().get(CPU, {})
    head = (
        "model | test accuracy, int8 file | mean of its seeds | int8 bytes | MACs | instructions, emulated Pi 4 | "
        "F1 on photographs"
    )
    template = (
        "`{name}` | **{files[int8][accuracy]:.2%}** | {spread} | {files[int8][bytes]:,} | {macs:,} | {instructions} | "
        "{f1}"
    )
    rows = [
        {
            **figures,
            "name": name,
            "spread": _spread([run["int8_accuracy"] for run in figures["seeds"]]),
            "instructions": f"{counts[name]:,}" if name in counts else "",
            "f1": f"{figures['photos']['f1']:.3f}" if figures["photos"] else "",
        }
        for name, figures in read_released().items()
    ]
    return filled(rows, head, template)


def _spread(shares: Sequence[float]) -> str:
    return f"{mean(shares):.2%}, {min(shares):.2%} to {max(shares):.2%}" if len(shares) > 1 else "one seed"


def published_table() -> str:
    """Return the table of what others publish, each with its source."""

    def size(row: Row) -> str:
        if row["bytes"]:
            return f"{row['bytes']:,} bytes"
        return f"{row['parameters']:,} parameters" if row["parameters"] else ""

    head = "who | accuracy | size | what to know | source"
    template = "{name} | {accuracy_percent:g} % | {size} | {note} | [{source}]({url})"
    return filled(({**row, "size": size(row)} for row in _result("published")), head, template)


def reading_table() -> str:
    """Return the table of how generated pages and other people's photographs are read."""
    measured = {"generated pages": _result("pages"), "photographs": read_released()[DEFAULT]["photos"]}
    head = ("figure", *(f"{score['photos'] + score['negatives']} {what}" for what, score in measured.items()))
    figures = (
        ("digits written", "{digits:,}"),
        ("F1, right box and right label", "**{f1:.3f}**"),
        ("recall, digits found", "{recall:.3f}"),
        ("precision, digits among what was read", "{precision:.3f}"),
        ("label accuracy, of digits found", "{label_accuracy:.3f}"),
        ("rows read exactly", "{rows_exact:.3f}"),
        ("false digits a picture without any", "{false_per_negative:.2f}"),
    )
    return table(head, [(label, *(text.format(**score) for score in measured.values())) for label, text in figures])


def reading_conditions_table() -> str:
    """Return the table of how generated pages are read by what is on them, hardest first."""
    rows = [{**tag, "condition": tag["tag"].replace("_", " ")} for tag in _result("pages")["tags"]]
    template = "{condition} | {photos} | {f1:.3f} | {recall:.3f} | {precision:.3f}"
    return filled(rows, "condition | pages | F1 | recall | precision", template)


def reading_time_line() -> str:
    """Return what reading a frame costs beside its floor and the usual webcam loop."""
    return (
        "A frame of 640x480 with ten digits, on one thread, takes {median_to_floor:.1f} times as long as grey, "
        "adaptive threshold and connected components of the same frame (median of {frames} frames; {to_floor:.1f} "
        "times over all of them), and {median_to_webcam:.0f} times as long as one global threshold, its contours and "
        "an invoke for each: the loop of many webcam projects, with the same network. Make it with `make reading-time`."
    ).format(**_result("reading_time")["scenes"])


def suite_tables() -> str:
    """Return how each network runs in each engine, fastest first, beside our int8 file."""
    found = _result("suite")
    machine = found["environment"]["machine"]
    head = "engine | precision | us | times ours, 95 % | | decides as Keras | image to digit, us"
    template = (
        "{engine} {version} | {precision} | {invoke_us:,.1f} | {ours} | {verdict} | {agreement:.1%} | "
        "{classify_us:,.1f}"
    )  # fmt: skip
    parts = [
        f"{machine['cpu']} ({', '.join(machine['features'])}), one thread, {len(found['rows'][0]['rounds']['invoke'])} "
        f"rounds; two copies of one file came to within {found['noise']:.1%} of each other."
    ]
    for network in found["networks"]:
        rows = [row for row in found["rows"] if row["network"] == network["name"] and row["threads"] == 1]
        rows.sort(key=lambda row: float(row["invoke_us"]))
        text = filled([{**row, "ours": _interval(row["to_ours"])} for row in rows], head, template)
        parts.append(
            f"`{network['name']}`, {network['macs']:,} multiply-accumulates, weights: {network['origin']}:\n\n{text}"
        )
    return "\n\n".join(parts)


def _interval(to_ours: Mapping[str, float] | None) -> str:
    return "{median:.2f} ({low:.2f} to {high:.2f})".format(**to_ours) if to_ours else ""


def scaling_table() -> str:
    """Return how time grows with what grows."""
    rows = [
        {"what": what, "slope": one["slope"], "first": _point(one, 0), "last": _point(one, -1)}
        for what, one in _result("scaling")["series"].items()
    ]
    return filled(rows, "what grows | from | to | slope", "{what} | {first} | {last} | **{slope:.2f}**")


def _point(series: Row, place: int) -> str:
    return f"{series['sizes'][place]:g}: {series['ms'][place]:,.2f} ms"


def startup_line() -> str:
    """Return how long `--help` takes beside importing typer and rich."""
    ratio = _result("startup")["ratio"]
    return f'`mnist-edge --help` takes {ratio:.2f} times as long as `python -c "import typer, rich"`.'


def fuzz_line() -> str:
    """Return what the fuzz run showed."""
    result = _result("fuzz")
    files = sum(count for kind, count in result["kinds"].items() if kind.endswith(" file"))
    broken = "none broke a promise" if result["failed_seed"] is None else f"seed {result['failed_seed']} broke one"
    return (
        f"`make fuzz`, {result['seconds'] / 60:.0f} minutes: {result['cases']:,} cases, {files:,} of them files, most "
        f"damaged; {broken}. The slowest took {result['slowest_ms'] / 1000:.1f} s, and memory grew by at most "
        f"{result['growth_mb']:.0f} MB."
    )


def soak_line() -> str:
    """Return what the soak showed."""
    found = _result("soak")
    ranges = (found["threads"], found["files"])
    threads, files = (f"{low}" if low == high else f"{low} to {high}" for low, high in ranges)
    return (
        f"`make soak`: {found['frames']:,} frames with two viewers of the web page and a broker, in "
        f"{found['seconds'] / 60:.0f} minutes. After the first 5,000 the process had {found['rss_mb']:.0f} MB, and "
        f"never more than {found['growth_mb']:.1f} MB above that; threads {threads}, open files {files}. Of "
        f"{found['events']:,} events {found['events_lost']} were lost."
    )


def steady_table() -> str:
    """Return how stable the reading is on videos of pages that move."""
    head = "video | frames shown exactly | read exactly | digits | appeared once | gone once | false"
    template = "{seed} | **{share:.2%}** | {share_of_reader:.2%} | {digits} | {once_appeared} | {once_gone} | {false}"
    videos = _result("steady")["videos"]
    once = [{f"once_{kind}": video[kind].get("1", 0) for kind in ("appeared", "gone")} for video in videos]
    return filled([{**video, **counts} for video, counts in zip(videos, once, strict=True)], head, template)


def faults_table() -> str:
    """Return what was done to a running camera, and how it came back."""
    rows = [
        {
            **fault,
            "back": "yes" if fault["recovered"] else "**no**",
            "after": "" if fault["seconds"] is None else f"{fault['seconds']:.1f}",
        }
        for fault in _result("faults")["faults"]
    ]
    head = "fault | what was done | came back | seconds after its end"
    return filled(rows, head, "{name} | {injected} | {back} | {after}")


def frame_table() -> str:
    """Return the instructions of a frame by stage, system and processor."""
    frames = _result("instructions")["frame"]
    columns = [(system, cpu) for system, cpus in frames.items() for cpu in cpus]
    stages = [stage for stage in next(iter(frames["bookworm"].values())) if stage != "all"]
    rows = [
        (stage, *(f"{frames[system][cpu][stage] / frames[system][cpu]['all']:.1%}" for system, cpu in columns))
        for stage in stages
    ]
    rows.append(("**a frame, millions**", *(f"**{frames[system][cpu]['all'] / 1e6:.1f}**" for system, cpu in columns)))
    return table(("stage", *(f"{system}, {cpu}" for system, cpu in columns)), rows)


def invoke_table() -> str:
    """Return the instructions of an invoke by model, system and processor."""
    invokes = _result("instructions")["invoke"]
    columns = [(system, cpu) for system, cpus in invokes.items() for cpu in cpus]
    models = next(iter(invokes["bookworm"].values()))
    rows = [(f"`{model}`", *(f"{invokes[system][cpu][model]:,}" for system, cpu in columns)) for model in models]
    return table(("int8 model", *(f"{system}, {cpu}" for system, cpu in columns)), rows)


FIGURES: dict[str, Callable[[], str]] = {
    "reading": reading_table,
    "reading-conditions": reading_conditions_table,
    "reading-time": reading_time_line,
    "fuzz": fuzz_line,
    "steady": steady_table,
    "soak": soak_line,
    "faults": faults_table,
    "loop-cost": _table_of(
        "loop_cost",
        "costs",
        "what is done | ms a frame | ms of processor | to reading alone",
        "{name} | {frame_ms:.2f} | {cpu_ms:.2f} | {ratio:.2f}",
    ),
    "window-speed": _table_of(
        "window_speed",
        "speeds",
        "source | read without a window | with a window | shown | with to without",
        "{source} | {without:.1f} | {with_window:.1f} | {shown:.1f} | {ratio:.2f}",
    ),
    "recording": _table_of(
        "recording",
        "costs",
        "codec | size | ms of processor a frame | MB a minute | seconds left of 5",
        "{codec} ({suffix}) | {width}x{height} | {frame_ms:.1f} | {minute_mb:.0f} | {left_after_kill_s:.1f}",
    ),
    "recipes": recipes_table,
    "models": models_table,
    "published": published_table,
    "overhead": _table_of(
        "overhead",
        "models",
        "model | bare loop, us | benchmark's invoke / bare | our wrapper / bare | 1,000 at once / one by one | "
        "the network alone",
        "`{file}` | {bare_us:.1f} | {invoke_ratio:.3f} | {classify_ratio:.3f} | {batch_gain:.2f} | {network_gain:.2f}",
    ),
    "startup": startup_line,
    "suite": suite_tables,
    "scaling": scaling_table,
    "instructions": invoke_table,
    "frame-instructions": frame_table,
}


def _missed(name: str) -> str:
    """The bounds that did not hold when a figure was measured, to be written beside it."""
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
    write_finder_card()
    for name in DOCUMENTS:
        path = root / name
        write_text(path, render(path.read_text()))
    draw_models(_result("recipes"), _result("published"), root / "docs")
    draw_reading(root / "docs")
    plot_scaling(_result("scaling")["series"], root / "docs" / "scaling.png")
