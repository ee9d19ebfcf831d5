"""Train the models that ship, export them into the package, and write their cards: `make release`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.recipes import RecipeResult, compare_recipes
from mnist_edge.converters.convert import Exported, convert
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset, load
from mnist_edge.files import write_text
from mnist_edge.models.recipes import find_recipe
from mnist_edge.progress import Progress

SHIPPED = ("small",)
SEED = 0
RUNS = Path("runs/release")
PACKAGE = Path(__file__).resolve().parent.parent / "models" / "shipped"


@dataclass(frozen=True, slots=True)
class Release:
    """A model as it ships.

    Attributes:
        result: Its training and int8 figures.
        float32: The float export.
        int8: The int8 export.
        parity: Of the int8 export with the Keras model, as `verify --json` prints it.
    """

    result: RecipeResult
    float32: Exported
    int8: Exported
    parity: dict[str, Any]


def release(name: str, data: Dataset, progress: Progress) -> Release:
    """Train a recipe (or take up a finished run), and put its exports and its card into the package."""
    result = compare_recipes([name], data, RUNS, seeds=(SEED,), progress=progress)[0]
    run = RUNS / f"{name}-seed{SEED}"
    exports = [
        convert(run, precision, data=data, output=PACKAGE / f"{name}.{precision}.tflite", force=True)
        for precision in ("float32", "int8")
    ]
    parity = verify(run, exports[1].path, data.test)
    parity.raise_if_failed()
    document = parity.to_json()
    # Where the files were on the machine that made them is nobody's concern.
    document["reference"]["model"], document["candidate"]["model"] = f"{name}.keras", exports[1].path.name
    released = Release(result, exports[0], exports[1], document)
    write_text(PACKAGE / f"{name}.md", card(released, data))
    return released


def card(released: Release, data: Dataset) -> str:
    """The model card, Markdown."""
    recipe, run = find_recipe(released.result.recipe), released.result.runs[0]
    parity, int8, float32 = released.parity, released.int8, released.float32
    p_value, minutes = parity["p_value"], run.seconds / 60
    rows = [(one, one.accuracy or {}) for one in (float32, int8)]
    return f"""# {recipe.name}

{recipe.summary[0].upper()}{recipe.summary[1:]}.
Input: one 28x28 image, 0 = background, full ink at the top of the range. Output: ten softmax probabilities.

| | float32 | int8 |
| --- | --- | --- |
| {data.name} test accuracy | {" | ".join(f"{found['accuracy']:.2%}" for _, found in rows)} |
| right of {len(data.test):,} | {" | ".join(f"{found['correct']:,}" for _, found in rows)} |
| file, bytes | {" | ".join(f"{one.size_bytes:,}" for one, _ in rows)} |

- {released.result.parameters:,} parameters, {int8.macs:,} multiply-accumulates an image.
- Parity: int8 and Keras disagree on {parity["disagreements"]} test images (McNemar's exact p = {p_value:.2f}).
- Trained on {len(data.training):,} images of {data.name}, seed {run.seed}, {run.epochs} epochs; epoch {run.kept_epoch}
  was kept by its loss on {len(data.validation):,} validation images. {minutes:.0f} minutes on two shared cores.
  One seed was trained. Reproduce it with: `mnist-edge train {recipe.name}`.
- Augmented with affine and elastic warps, thicker and thinner strokes, blur, gaps, paleness and noise. One image in
  nine was no digit (letters in many typefaces, scribbles, strokes, blots, joined digits), with the uniform
  distribution as its label, so that a low confidence means "perhaps not a digit".
- Confidence is not calibrated.
"""


def main() -> None:
    """Make every model that ships."""
    from mnist_edge.cli.console import progress

    data = load()
    for name in SHIPPED:
        with progress(name) as report:
            released = release(name, data, report)
        results = Path(__file__).resolve().parent / "results" / f"{name}.json"
        figures = {"training": asdict(released.result), "parity": released.parity, "macs": released.int8.macs}
        sizes = {"float32_bytes": released.float32.size_bytes, "int8_bytes": released.int8.size_bytes}
        write_text(results, json.dumps(figures | sizes, indent=2) + "\n")
        print((PACKAGE / f"{name}.md").read_text())


if __name__ == "__main__":
    main()
