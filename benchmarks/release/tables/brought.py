"""Every form of model that people bring."""

from collections.abc import Callable, Sequence
from itertools import groupby

from mnist_edge.benchmarks.release.markdown import table
from mnist_edge.benchmarks.release.measured import measured
from mnist_edge.benchmarks.release.tables import Figures, Row


def brought_models_table() -> str:
    """Return what became of every form of model that people bring, one row a form."""
    models = measured("brought_models")["models"]
    forms = [list(rows) for _, rows in groupby(models, key=lambda row: row["form"])]
    exported = [row for row in models if "exported" in row]
    equal = sum(_equal(row) for row in models)
    camera = sum(row.get("camera", False) for row in models)
    text = (
        f"{len(forms)} forms, {len(models)} files. Of {equal} `evaluate` gets exactly as many of "
        f"{models[0]['images']:,} test images right as TensorFlow; of {len(exported)} that can be exported "
        f"{sum(row['verified'] for row in exported)} pass `verify`, {sum('not_int8' in row for row in exported)} of "
        f"them in float32; with {camera} the camera shows what `read` reads."
    )
    head = "form | brought as | right, TensorFlow | right, `evaluate` | export, same answers | digits read | camera"
    return f"{text}\n\n{table(head.split(' | '), [_brought_row(rows) for rows in forms])}"


def _equal(row: Row) -> bool:
    return bool(row.get("evaluate") == row["tensorflow"])


def _brought_row(rows: Sequence[Row]) -> list[str]:
    def each(shown: Callable[[Row], str]) -> str:
        # What is the same for all files of a form is written once.
        return ", ".join(dict.fromkeys(shown(row) for row in rows if shown(row)))

    def export(row: Row) -> str:
        if "verified" not in row:
            return row["refused"] and f"**{row['refused']}**"
        return f"{row['exported']}, {row['agreement']:.2%}" if row["verified"] else f"**{row['exported']}: failed**"

    return [
        rows[0]["form"],
        "; ".join(f"`{name}`{kind}" for name, kind in (_file(row) for row in rows)),
        each(lambda row: f"{row['tensorflow']:,}"),
        each(lambda row: f"{row['evaluate']:,}" if _equal(row) else f"**{row.get('evaluate', 0):,}**"),
        each(export) or "none of a `.tflite`",
        each(lambda row: f"{row['read']} of {row['digits']}" if "read" in row else ""),
        each(lambda row: "yes" if row.get("camera") else "**no**"),
    ]


def _file(row: Row) -> tuple[str, str]:
    name, comma, kind = row["file"].partition(",")
    return name, comma + kind


FIGURES: Figures = {
    "brought-models": brought_models_table,
}
