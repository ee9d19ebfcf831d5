"""Train the models that ship, put the best seed of each into the package, measure it, and write its card.

Run as `make release`. Trainings that lie in `runs/release`, finished or interrupted, are resumed. Teachers come first.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.harness.tool import checkout, run_tool, stamp, tool_parser
from mnist_edge.benchmarks.mistakes import worst_mistakes
from mnist_edge.benchmarks.photos import measure_photos
from mnist_edge.benchmarks.recipes import train_or_resume
from mnist_edge.benchmarks.release.card import PACKAGE, write_cards
from mnist_edge.benchmarks.release.figures import stamped, write_released
from mnist_edge.benchmarks.release.refusal import NonDigits, held_out_non_digits, measure_refusal
from mnist_edge.benchmarks.release.robustness import measure_robustness
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.calibration import apply_temperature, expected_calibration_error
from mnist_edge.camera.reader import Reader
from mnist_edge.classifier import Classifier
from mnist_edge.converters.convert import Exported, convert
from mnist_edge.converters.export_metadata import parity_metadata
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset, load
from mnist_edge.errors import UsageError
from mnist_edge.evaluate import predict, score
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.batches import FOUND_SHARE, NON_DIGIT_SHARE
from mnist_edge.models.found_crops import read_crops
from mnist_edge.models.inference_network import write_inference_network
from mnist_edge.models.non_digits import COUNT
from mnist_edge.models.recipes import Recipe, find_recipe
from mnist_edge.models.run import Run
from mnist_edge.models.run_settings import read_settings
from mnist_edge.progress import Progress, no_progress

RUNS = Path("runs/release")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a recipe ships as.

    Attributes:
        seeds: Seeds of the trainings; the best on the validation images ships.
        precisions: Precisions that ship, beside the Keras model.
    """

    seeds: tuple[int, ...]
    precisions: tuple[str, ...]


RELEASES = {
    # float32 would take more than a megabyte.
    "large": Plan((0,), ("int8",)),
    "small": Plan((0,), ("float32", "int8")),
    "nano": Plan((0,), ("float32", "int8")),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One seed: its training, and the parity of its int8 export with the model as trained, on the test images."""

    run: Run
    parity: ParityReport

    @property
    def validation(self) -> tuple[float, float]:
        """Accuracy on the validation images, then the negative loss: the more the better."""
        kept = self.run.epochs[self.run.kept]
        return kept["val_accuracy"], -kept["val_loss"]

    def to_json(self) -> dict[str, Any]:
        """Return the seed's row in `models.json`."""
        int8 = self.parity.candidate
        return {
            "seed": self.run.seed,
            "epochs": len(self.run.epochs),
            "kept_epoch": self.run.kept + 1,
            "minutes": round(self.run.seconds / 60, 1),
            "val_accuracy": self.validation[0],
            "val_loss": -self.validation[1],
            "accuracy": self.run.test.accuracy,
            "int8_accuracy": int8.accuracy,
            "int8_correct": int8.correct,
            "disagreements": self.parity.disagreements,
        }


def prepare(run: Run, data: Dataset) -> Candidate:
    """Export a run, in its folder, as it would ship, and compare the export with the model as trained."""
    deployable = run.folder / f"{run.recipe}.keras"
    write_inference_network(load_keras_model(run.model), deployable)
    int8 = convert(deployable, "int8", data=data, force=True)
    return Candidate(run, verify(run.model, int8.path, data.test))


def release(
    recipe: Recipe,
    plan: Plan,
    data: Dataset,
    others: NonDigits,
    *,
    runs: Path = RUNS,
    package: Path = PACKAGE,
    photos: Path | None = None,
    before: dict[str, Any] | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Train a recipe with every seed, or resume its runs, and put the best into the package.

    The test images are only reported on. Without a folder of photographs their figures are those of `before`, where the
    file is still the same.

    Returns:
        The entry of the model in `models.json`.

    Raises:
        ModelError: A training was interrupted.
        OutputError: A run folder holds a training of another recipe, data or seed.
        CheckFailed: The int8 model that would ship is not as good as the one that was trained.
    """
    folders = {seed: runs / f"{recipe.name}-seed{seed}" for seed in plan.seeds}
    candidates = [
        prepare(train_or_resume(recipe, data, folder, seed, progress=progress), data)
        for seed, folder in folders.items()
    ]
    best = max(candidates, key=lambda candidate: candidate.validation)
    best.parity.raise_if_failed()
    figures = {
        "recipe": _recipe_facts(recipe, data, best.run),
        "seeds": [candidate.to_json() for candidate in candidates],
        "shipped_seed": best.run.seed,
        "parity": parity_metadata(best.parity),
        **ship(best.run.model, recipe.name, plan, data, others, package=package, photos=photos, progress=progress),
    }
    return _with_kept(figures, before or {})


def ship(
    model: Path,
    name: str,
    plan: Plan,
    data: Dataset,
    others: NonDigits,
    *,
    package: Path = PACKAGE,
    photos: Path | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Put a trained model into the package, as Keras weights and in the precisions of its plan, and measure it there.

    Returns:
        The part of its entry in `models.json` that its files decide.
    """
    keras = package / f"{name}.keras"
    write_inference_network(load_keras_model(model), keras)
    exports = {
        precision: convert(keras, precision, data=data, output=package / f"{name}.{precision}.tflite", force=True)
        for precision in plan.precisions
    }
    return {
        "parameters": load_keras_model(keras).count_params(),
        "macs": exports["int8"].macs,
        "files": {"keras": file_facts(keras)} | {name: _export_facts(export) for name, export in exports.items()},
        **_measured(exports["int8"].path, data, others, progress),
        "photos": measure_photos(photos, Reader(exports["int8"].path), progress).to_json() if photos else None,
    }


def _recipe_facts(recipe: Recipe, data: Dataset, run: Run) -> dict[str, Any]:
    split = data.with_validation(recipe.validation_images)
    images = {"training": len(split.training), "validation": len(split.validation), "test": len(split.test)}
    facts = asdict(recipe)
    del facts["layers"], facts["published"]
    settings = read_settings(run.folder)
    found = read_crops() if settings and settings.found_crops else None
    crops = (
        {"digits": found.digits, "others": len(found.labels) - found.digits, "for_each_digit": FOUND_SHARE}
        if found
        else None
    )
    non_digits = {"drawn": COUNT, "for_each_digit": NON_DIGIT_SHARE} if recipe.augmentation else None
    trained_on = {"name": data.name, "sha256": data.sha256} | images
    return facts | {"data": trained_on, "non_digits": non_digits, "crops": crops}


def _export_facts(export: Exported) -> dict[str, Any]:
    measured = export.accuracy or {}
    return file_facts(export.path) | {"correct": measured["correct"], "accuracy": measured["accuracy"]}


def _measured(int8: Path, data: Dataset, others: NonDigits, progress: Progress) -> dict[str, Any]:
    """The figures of the file that ships on the test images, as its users see it."""
    classifier, labels = Classifier(int8), data.test.labels
    plain = predict(Classifier(int8, calibrated=False), data.test, progress)
    seen = apply_temperature(plain, classifier.temperature)
    refusal = measure_refusal(int8, data.test.images, others).to_json()
    return {
        "runtime": classifier.runtime,
        "confusion": score(seen, labels, classifier.name, classifier.runtime).confusion,
        "calibration": {
            "temperature": classifier.temperature,
            "ece_before": expected_calibration_error(plain, labels),
            "ece": expected_calibration_error(seen, labels),
        },
        "refusal": {name: refusal[name] for name in ("non_digits", "from_file", "chosen", "by_kind", "curve")},
        "robustness": measure_robustness(classifier, data.test, progress=progress).to_json(),
        "mistakes": [asdict(mistake) for mistake in worst_mistakes(seen, labels)],
    }


def _with_kept(figures: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Keep what was measured before, apart from a release, of files that are still the same."""
    for name, facts in figures["files"].items():
        old = before.get("files", {}).get(name, {})
        if old.get("sha256") == facts["sha256"] and "latency" in old:
            facts["latency"] = old["latency"]
        if old.get("sha256") == facts["sha256"] and name == "int8":
            figures["photos"] = figures["photos"] or before["photos"]
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the models that ship, or the named ones."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RELEASES)}; default: all")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="labelled photographs to measure reading on")
    return run_tool(parser, _release, arguments)


def _release(options: Namespace) -> None:
    from mnist_edge.cli.console import progress

    unknown = [name for name in options.names if name not in RELEASES]
    if unknown:
        raise UsageError(f"{', '.join(unknown)} is not released; choose of: {', '.join(RELEASES)}")
    package = checkout() / "models" / "shipped"
    data, all_figures, measured_at = load(), read_released(), stamp()
    others = held_out_non_digits(data)
    for name in options.names or RELEASES:
        before = all_figures.get(name, {})
        with progress(name) as report:
            all_figures[name] = release(
                find_recipe(name), RELEASES[name], data, others,
                package=package, photos=options.photos, before=before, progress=report,
            )  # fmt: skip
        all_figures[name]["stamps"] = before.get("stamps", {})
        write_released(stamped(all_figures, [name], "release", measured_at))
        write_cards()
