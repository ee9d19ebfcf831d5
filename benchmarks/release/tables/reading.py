"""How well pages and forms are read, and what reading costs and survives."""

from mnist_edge.benchmarks.release.markdown import filled, table
from mnist_edge.benchmarks.release.measured import is_measured, measured
from mnist_edge.benchmarks.release.tables import Figures
from mnist_edge.benchmarks.released import read_released
from mnist_edge.shipped_models import DEFAULT


def reading_table() -> str:
    """Return the table of how generated pages and other people's photographs are read."""
    scores = {"generated pages": measured("pages"), "photographs": read_released()[DEFAULT]["photos"]}
    head = ("figure", *(f"{score['photos'] + score['negatives']} {what}" for what, score in scores.items()))
    figures = (
        ("digits written", "{digits:,}"),
        ("F1, right box and right label", "**{f1:.3f}**"),
        ("recall, digits found", "{recall:.3f}"),
        ("precision, digits among what was read", "{precision:.3f}"),
        ("label accuracy, of digits found", "{label_accuracy:.3f}"),
        ("rows read exactly", "{rows_exact:.3f}"),
        ("false digits a picture without any", "{false_per_negative:.2f}"),
    )
    return table(head, [(label, *(text.format(**score) for score in scores.values())) for label, text in figures])


def reading_conditions_table() -> str:
    """Return the table of how generated pages are read by what is on them, hardest first."""
    rows = [{**tag, "condition": tag["tag"].replace("_", " ")} for tag in measured("pages")["tags"]]
    template = "{condition} | {photos} | {f1:.3f} | {recall:.3f} | {precision:.3f}"
    return filled(rows, "condition | pages | F1 | recall | precision", template)


def reading_time_line() -> str:
    """Return what reading a frame costs beside its floor and the usual webcam loop."""
    return (
        "A frame of 640x480 with ten digits, on one thread, takes {median_to_floor:.1f} times as long as grey, "
        "adaptive threshold and connected components of the same frame (median of {frames} frames; {to_floor:.1f} "
        "times over all of them), and {median_to_webcam:.0f} times as long as one global threshold, its contours and "
        "an invoke for each: the loop of many webcam projects, with the same network. Make it with `make reading-time`."
    ).format(**measured("reading_time")["scenes"])


def fuzz_line() -> str:
    """Return what the fuzz run showed."""
    result = measured("fuzz")
    files = sum(count for kind, count in result["kinds"].items() if kind.endswith(" file"))
    broken = "none broke a promise" if result["failed_seed"] is None else f"seed {result['failed_seed']} broke one"
    return (
        f"`make fuzz`, {result['seconds'] / 60:.0f} minutes: {result['cases']:,} cases, {files:,} of them files, most "
        f"damaged; {broken}. The slowest took {result['slowest_ms'] / 1000:.1f} s, and memory grew by at most "
        f"{result['growth_mb']:.0f} MB."
    )


def forms_table() -> str:
    """Return how well forms are read, one row a kind of form; a sentence where that was not measured yet."""
    if not is_measured("forms"):
        return "Not measured with this version yet: `make forms` does."
    found = measured("forms")
    head = (
        "form | pages | refused | fields | right | needed nobody | of these wrong | "
        f"right at {found['precision']:.1%} | time, to plain reading"
    )
    template = (
        "{form} | {pages} | {refused} | {fields:,} | **{right:.1%}** | {settled:.1%} | {settled_wrong} | "
        "{right_at_precision:.1%} | {cost:.2f}"
    )
    rows = [*found["kinds"], {**found["total"], "form": "all"}]
    return f"With the model `{found['model']}`:\n\n{filled(rows, head, template)}"


FIGURES: Figures = {
    "reading": reading_table,
    "reading-conditions": reading_conditions_table,
    "reading-time": reading_time_line,
    "fuzz": fuzz_line,
    "forms": forms_table,
}
