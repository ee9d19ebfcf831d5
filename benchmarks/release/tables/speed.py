"""Engines, scaling, our wrapper, and start."""

from collections.abc import Mapping

from mnist_edge.benchmarks.release.markdown import filled, table, table_of
from mnist_edge.benchmarks.release.measured import is_measured, measured
from mnist_edge.benchmarks.release.tables import Figures, Row
from mnist_edge.benchmarks.suite.picture_report import COLUMNS, cells
from mnist_edge.benchmarks.suite.picture_results import TIMES_FASTER, PictureResults


def suite_tables() -> str:
    """Return how each network runs in each engine, fastest first, beside our int8 file."""
    found = measured("suite")
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


def suite_reading_tables() -> str:
    """Return how engines read the same pictures, best first; a sentence where that was not measured yet."""
    if not is_measured("suite_reading"):
        return "Not measured with this version yet: the command above does."
    results = PictureResults.from_json(measured("suite_reading"))
    machine = results.environment["machine"]
    parts = [f"{machine['cpu']} ({', '.join(machine['features'])}), one thread, times of the processor."]
    for kind in results.kinds:
        score = results.of(kind)[0].score
        text = table(COLUMNS, [cells(row) for row in results.of(kind)])
        parts.append(
            f"{kind.capitalize()}, {score.photos} with {score.digits:,} digits and {score.negatives} without:\n\n{text}"
        )
    said = "".join(f"\n- {bound}" for bound in results.bounds())
    return "\n\n".join([*parts, f"At least {TIMES_FASTER} times as fast, higher F1, lower digit error rate:\n{said}"])


def scaling_table() -> str:
    """Return how time grows with what grows."""
    rows = [
        {"what": what, "slope": one["slope"], "first": _point(one, 0), "last": _point(one, -1)}
        for what, one in measured("scaling")["series"].items()
    ]
    return filled(rows, "what grows | from | to | slope", "{what} | {first} | {last} | **{slope:.2f}**")


def _point(series: Row, place: int) -> str:
    return f"{series['sizes'][place]:g}: {series['ms'][place]:,.2f} ms"


def startup_line() -> str:
    """Return how long `--help` takes beside importing typer and rich."""
    ratio = measured("startup")["ratio"]
    return f'`mnist-edge --help` takes {ratio:.2f} times as long as `python -c "import typer, rich"`.'


FIGURES: Figures = {
    "suite": suite_tables,
    "suite-reading": suite_reading_tables,
    "scaling": scaling_table,
    "overhead": table_of(
        "overhead",
        "models",
        "model | bare loop, us | benchmark's invoke / bare | our wrapper / bare | 1,000 at once / one by one | "
        "the network alone",
        "`{file}` | {bare_us:.1f} | {invoke_ratio:.3f} | {classify_ratio:.3f} | {batch_gain:.2f} | {network_gain:.2f}",
    ),
    "startup": startup_line,
}
