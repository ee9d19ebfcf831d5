"""The whole path in minutes: data, train, export, verify, benchmark, read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.benchmark import Measurement, benchmark
from mnist_edge.camera.images import write_image
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.reader import Reader
from mnist_edge.converters.convert import convert
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.run import Run
from mnist_edge.models.train import train
from mnist_edge.progress import Progress, no_progress

RECIPE = "two-conv"
EPOCHS = 5
SCENE_SEED = 7
# Smaller data sets are shown more often, so that each training sees about as many images.
ENOUGH_IMAGES = 20_000


@dataclass(frozen=True, slots=True)
class Quickstart:
    """The results of the whole path.

    Attributes:
        folder: Holds the run, both exports, `scene.png` with what was read, and `quickstart.json`.
        data: Name of the data set.
        run: The training.
        parities: Parity of the float32 and the int8 file with the Keras model.
        measurements: Speed and memory of the same two.
        written: The rows of the generated scene.
        read: The rows that the int8 file read there.
    """

    folder: Path
    data: str
    run: Run
    parities: tuple[ParityReport, ParityReport]
    measurements: tuple[Measurement, Measurement]
    written: tuple[str, ...]
    read: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document in `quickstart.json`."""
        return {
            "data": self.data,
            "recipe": self.run.recipe,
            "test": self.run.test.to_json(),
            "verify": [parity.to_json() for parity in self.parities],
            "benchmark": [measurement.to_json() for measurement in self.measurements],
            "scene": {"written": list(self.written), "read": list(self.read)},
        }


def quickstart(
    data: Dataset, folder: Path, *, epochs: int = EPOCHS, force: bool = False, progress: Progress = no_progress
) -> Quickstart:
    """Train a network, export it to float32 and int8, verify and benchmark both, and read a generated page.

    Args:
        data: The data to train on.
        folder: The folder for everything.
        epochs: Epochs of the training; the small bundled digits get as many more as they are fewer.
        force: Replace what is there.
        progress: Receives the step and how much of it is done.

    Raises:
        OutputError: The folder holds a run already.
        ModelError: The training was interrupted.
        CheckFailed: An export lost more than its precision allows.
    """

    def step(name: str) -> Progress:
        progress(0, 1, name)
        return lambda done, total, note="": progress(done, total, f"{name} {note}")

    epochs = max(epochs, round(epochs * ENOUGH_IMAGES / len(data.training)))
    recipe = find_recipe(RECIPE).with_overrides(epochs, None)
    run = train(recipe, data, folder, force=force, progress=step("train"))
    if run.interrupted:
        raise ModelError(f"interrupted while training in {folder}; --force starts anew")
    exports = [
        convert(run.model, precision, data=data, force=force, progress=step(f"export {precision}")).path
        for precision in ("float32", "int8")
    ]
    parities = [
        verify(run.model, export, data.test, classes=data.classes, progress=step("verify")) for export in exports
    ]
    for parity in parities:
        parity.raise_if_failed()
    float32, int8 = benchmark(exports, split=data.test, progress=step("benchmark"))
    scene = draw_page(data.test, SCENE_SEED, Conditions(), width=640, height=480)
    reading = Reader(exports[1]).read(scene.image, "scene")
    write_image(folder / "scene.png", annotate(scene.image, reading))
    result = Quickstart(folder, data.name, run, (parities[0], parities[1]), (float32, int8), scene.text, reading.text)
    write_text(folder / "quickstart.json", json.dumps(result.to_json(), indent=2) + "\n")
    return result
