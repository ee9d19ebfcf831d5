"""Classic recipes, the models that ship, and what others publish."""

from collections.abc import Sequence
from statistics import mean

from mnist_edge.benchmarks.release.frontier import CPU
from mnist_edge.benchmarks.release.markdown import filled, table
from mnist_edge.benchmarks.release.measured import measured, read_instructions
from mnist_edge.benchmarks.release.tables import Figures, Row
from mnist_edge.benchmarks.released import read_released
from mnist_edge.shipped_models import DEFAULT

# By the names of the files, as their authors published them.
SETS = {
    "cvl-single-digits-28x28.npz": "CVL, 88 of its writers in Vienna",
    "optdigits-orig.windep.gz": "Optdigits, 13 writers",
    "orand-car-a-labelled.tar.gz": "ORAND-CAR-A, cheques, boxes by hand",
    "pendigits-orig.tes.gz": "Pendigits' test part, 14 writers, drawn",
    "usps-zip.test.gz": "USPS, test part",
    "usps-zip.train.gz": "USPS, training part, which no model here was trained on",
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


def recipes_table() -> str:
    """Return the table of classic recipes: published and measured, float and int8."""
    recipes = measured("recipes")["recipes"]
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


def published_table() -> str:
    """Return the table of what others publish, each with its source."""

    def size(row: Row) -> str:
        if row["bytes"]:
            return f"{row['bytes']:,} bytes"
        return f"{row['parameters']:,} parameters" if row["parameters"] else ""

    head = "who | accuracy | size | what to know | source"
    template = "{name} | {accuracy_percent:g} % | {size} | {note} | [{source}]({url})"
    return filled(({**row, "size": size(row)} for row in measured("published")), head, template)


def sets_table() -> str:
    """Return the accuracy of the models that ship on other people's digits, with what they refuse and confuse most."""
    models = {name: {one["name"]: one for one in found["sets"]} for name, found in measured("sets")["models"].items()}
    head = ("set", "digits", *(f"`{name}`, refused" for name in models), f"`{DEFAULT}` confuses most")
    rows = []
    for file, one in models[DEFAULT].items():
        shares = [f"{found[file]['accuracy']:.1%}, {found[file]['refused']:.1%}" for found in models.values()]
        confused = ", ".join(f"{true} as {said} ({count})" for true, said, count in one["confused"])
        rows.append((SETS.get(file, f"`{file}`"), f"{one['images']:,}", *shares, confused))
    means = [mean(one["accuracy"] for one in found.values()) for found in models.values()]
    rows.append(("mean of the sets", "", *(f"**{share:.2%}**" for share in means), ""))
    return table(head, rows)


FIGURES: Figures = {
    "models": models_table,
    "recipes": recipes_table,
    "published": published_table,
    "sets": sets_table,
}
